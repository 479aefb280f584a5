/// Tensors that hold scales of others: `x.weight_scale_inv` (DeepSeek), `x.weight_scale` (compressed-tensors),
/// `x.scale_weight` (ComfyUI), `experts.gate_up_proj_scale`, `x.weight.scale`.
///
/// Rather too many than too few: what has a scale beside it is taken for scaled.
struct ScaleTensors {
  /// Modules with a scale, and tensors with one of their own.
  private var owners: Set<Substring> = []

  mutating func add(_ name: String) {
    let (owner, own) = Self.split(name)
    if own.lowercased().contains("scale") { owners.insert(owner) }
  }

  /// Is there a scale that may belong to this tensor?
  func mayScale(_ name: String) -> Bool { owners.contains(Self.split(name).owner) || owners.contains(name[...]) }

  private static func split(_ name: String) -> (owner: Substring, own: Substring) {
    guard let dot = name.lastIndex(of: ".") else { return ("", name[...]) }
    return (name[..<dot], name[name.index(after: dot)...])
  }
}
