package import Core

extension NetworkPart {
  /// The part of the network that a tensor's name speaks of.
  package init(ofName name: String) {
    let common = CommonNames.shared
    let name = Array(name.lowercased().utf8)
    if common.constants.contain(name) {
      self = .constant
    } else if common.tables.contain(name), !common.maps.contain(name) {
      self = common.tokens.contain(name) ? .tokens : .table
    } else if common.heads.contain(name) {
      self = .head
    } else {
      self = .body
    }
  }
}
