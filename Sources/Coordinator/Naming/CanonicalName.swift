/// Tensor names without what a wrapper put in front of them.
///
/// The same network is saved as `bert.encoder...` by a task model and as `encoder...` by the bare
/// one; training frameworks and PEFT add their own layers. Only leading wrappers are removed.
package enum CanonicalName {
  private static let wrappers = [
    "base_model.model.", "_orig_mod.", "module.", "model.", "transformer.", "bert.", "roberta.",
    "distilbert.", "electra.", "albert.", "deberta.", "camembert.", "xlm_roberta.", "gpt_neox.",
    "backbone.", "vit.", "deit.", "swin.", "dinov2.", "clip.",
  ]

  private static let wrapperBytes = wrappers.map { Array($0.utf8) }

  package static func of(_ name: String) -> String {
    // In plain text bytes are characters, and far cheaper to compare.
    guard name.utf8.allSatisfy({ $0 < 0x80 }) else { return ofAnyText(name) }
    var rest = Substring(name).utf8
    while let wrapper = wrapperBytes.first(where: {
      rest.first == $0.first && rest.count > $0.count && rest.starts(with: $0)
    }) {
      rest = rest.dropFirst(wrapper.count)
    }
    return rest.count == name.utf8.count ? name : String(Substring(rest))
  }

  private static func ofAnyText(_ name: String) -> String {
    var rest = Substring(name)
    while let wrapper = wrappers.first(where: { rest.hasPrefix($0) && rest.count > $0.count }) {
      rest = rest.dropFirst(wrapper.count)
    }
    return String(rest)
  }

  /// The canonical name of each of a model's tensors. Two that would become one keep their names.
  package static func all(of names: [String]) -> [String] {
    let canonical = names.map(of)
    let counts = Dictionary(canonical.map { ($0, 1) }, uniquingKeysWith: +)
    return zip(names, canonical).map { counts[$1] == 1 ? $1 : $0 }
  }
}
