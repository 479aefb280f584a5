/// Tensor names without what wrappers put into them.
///
/// The same network is saved as `bert.encoder...` by a task model and as `encoder...` by the bare
/// one; training frameworks and PEFT add layers of their own, anywhere in a name.
package enum CanonicalName {
  package static func of(_ name: String) -> String {
    let clean = withoutNoise(name)
    let wrappers = CommonNames.shared.wrappers
    var rest = Substring(clean).utf8
    while let wrapper = wrappers.first(where: {
      rest.first == $0.bytes.first && rest.count > $0.bytes.count && rest.starts(with: $0.bytes)
    }) {
      rest = rest.dropFirst(wrapper.bytes.count)
    }
    return rest.count == clean.utf8.count ? clean : String(Substring(rest))
  }

  /// Without the parts that training frameworks insert.
  static func withoutNoise(_ name: String) -> String {
    let noise = CommonNames.shared.noise
    guard name.utf8.contains(UInt8(ascii: "m")) || name.utf8.contains(UInt8(ascii: "_")) else { return name }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 1, parts.contains(where: { noise.contains($0) }) else { return name }
    var kept: [Substring] = []
    for (place, part) in parts.enumerated() {
      // The last part is the tensor's own name; the name of an adapter follows `modules_to_save`.
      if noise.contains(part), place + 1 < parts.count { continue }
      if place > 0, parts[place - 1] == "modules_to_save", place + 2 == parts.count { continue }
      kept.append(part)
    }
    return kept.isEmpty || kept.allSatisfy(\.isEmpty) ? name : kept.joined(separator: ".")
  }
}
