/// A naming and layout convention, made from its data file.
package struct Dialect: Sendable {
  package let name: String
  /// The dialect whose names are canonical; its own name for such a dialect.
  package let reference: String
  /// What tensors of each name are, by the templates of their names.
  let entries: [String: Entry]
  /// What the names of layers start with, here and in the reference dialect.
  let layers: (own: String, canonical: String)
  /// What tensors of the reference dialect do, by the templates of their names, such as `layer.mlp.up.weight`.
  let roles: [String: String]
  /// Decides between dialects that have the same names.
  let probe: DialectData.Probe?

  struct Entry: Sendable {
    /// Templates of the canonical names; several where the stored tensor holds several.
    var canonical: [String]
    /// Empty for a tensor that only has another name.
    var steps: [Rearrangement.Step]
  }

  /// Every dialect that is known, reference dialects first.
  package static let all: [Dialect] = {
    let files = DialectData.all
    let references = Dictionary(uniqueKeysWithValues: files.filter { $0.reference == nil }.map { ($0.dialect, $0) })
    return files.map { file in
      guard let reference = references[file.reference ?? file.dialect] else {
        preconditionFailure("the dialect '\(file.dialect)' refers to an unknown one")
      }
      return Dialect(file, reference: reference)
    }
  }()

  private init(_ data: DialectData, reference: DialectData) {
    name = data.dialect
    self.reference = reference.dialect
    layers = (data.layers, reference.layers)
    probe = data.probe
    var canonical: [String: String] = [:]
    for (role, pattern) in reference.renamed {
      for (ending, name) in Self.expanded(pattern) { canonical[role + ending] = name }
    }
    roles = Dictionary(canonical.map { ($1, $0) }) { min($0, $1) }
    func names(_ roles: [String], _ ending: String) -> [String] {
      roles.map { role in
        guard let name = canonical[role + ending] else {
          preconditionFailure("'\(data.dialect)' names the role '\(role + ending)', which '\(reference.dialect)' lacks")
        }
        return name
      }
    }
    var entries: [String: Entry] = [:]
    if data.extends == true || data.reference == nil {
      for name in canonical.values { entries[name] = Entry(canonical: [name], steps: []) }
    }
    for (role, pattern) in data.renamed {
      for (ending, name) in Self.expanded(pattern) {
        entries[name] = Entry(canonical: names([role], ending), steps: [])
      }
    }
    for tensor in data.rearranged ?? [] {
      for (ending, name) in Self.expanded(tensor.name) {
        entries[name] = Entry(canonical: names(tensor.roles, ending), steps: tensor.do)
      }
    }
    for counted in data.counted ?? [] {
      for (own, canonical) in counted.names {
        for ((_, own), (_, canonical)) in zip(Self.expanded(own), Self.expanded(canonical)) {
          entries[own] = Entry(canonical: [canonical], steps: counted.do ?? [])
        }
      }
    }
    self.entries = entries
  }

  /// `x.*` stands for the weight and the bias of x.
  private static func expanded(_ pattern: String) -> [(ending: String, name: String)] {
    guard pattern.hasSuffix(".*") else { return [("", pattern)] }
    let module = pattern.dropLast(2)
    return [".weight", ".bias"].map { ($0, module + $0) }
  }
}
