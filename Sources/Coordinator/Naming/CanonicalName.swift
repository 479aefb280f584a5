/// Tensor names without what a wrapper put in front of them.
///
/// The same network is saved as `bert.encoder...` by a task model and as `encoder...` by the bare
/// one; training frameworks and PEFT add their own layers. Only leading wrappers are removed.
package enum CanonicalName {
  package static func of(_ name: String) -> String {
    let wrappers = CommonNames.shared.wrappers
    var rest = Substring(name).utf8
    while let wrapper = wrappers.first(where: {
      rest.first == $0.bytes.first && rest.count > $0.bytes.count && rest.starts(with: $0.bytes)
    }) {
      rest = rest.dropFirst(wrapper.bytes.count)
    }
    return rest.count == name.utf8.count ? name : String(Substring(rest))
  }
}
