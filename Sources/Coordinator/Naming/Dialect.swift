/// A naming and layout convention, made from its data file.
package struct Dialect: Sendable {
  package let name: String
  /// Names that mean another place in the network than in the reference dialect, or the same, by their templates.
  let entries: [String: Entry]
  /// What the names of layers start with, here and in the reference dialect.
  let layers: (own: String, canonical: String)
  /// Its own names are the canonical ones.
  let isReference: Bool

  struct Entry: Sendable {
    /// Templates of the canonical names; several where the stored tensor holds several.
    var canonical: [String]
    /// Empty for a tensor that only has another name.
    var steps: [Rearrangement.Step]
  }

  /// Every dialect that is known, reference dialects first.
  package static let all: [Dialect] = {
    let files: [DialectData] = [
      DialectData.decode(PackageResources.llama_json, "llama"), DialectData.decode(PackageResources.gpt2_json, "gpt2"),
      DialectData.decode(PackageResources.neox_json, "neox"), DialectData.decode(PackageResources.bert_json, "bert"),
      DialectData.decode(PackageResources.vit_json, "vit"), DialectData.decode(PackageResources.meta_json, "meta"),
      DialectData.decode(PackageResources.timm_json, "timm"),
      DialectData.decode(PackageResources.bert_gamma_json, "bert_gamma"),
      DialectData.decode(PackageResources.gguf_llama_json, "gguf_llama"),
      DialectData.decode(PackageResources.gguf_gpt2_json, "gguf_gpt2"),
      DialectData.decode(PackageResources.gguf_neox_json, "gguf_neox"),
      DialectData.decode(PackageResources.gguf_bert_json, "gguf_bert"),
    ]
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
    isReference = data.reference == nil
    layers = (data.layers, reference.layers)
    var canonical: [String: String] = [:]
    for (role, pattern) in reference.renamed {
      for (ending, name) in Self.expanded(pattern) { canonical[role + ending] = name }
    }
    func names(_ roles: [String], _ ending: String) -> [String] {
      roles.map { role in
        guard let name = canonical[role + ending] else {
          preconditionFailure("'\(data.dialect)' names the role '\(role + ending)', which '\(reference.dialect)' lacks")
        }
        return name
      }
    }
    var entries: [String: Entry] = [:]
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
    self.entries = entries
  }

  /// `x.*` stands for the weight and the bias of x.
  private static func expanded(_ pattern: String) -> [(ending: String, name: String)] {
    guard pattern.hasSuffix(".*") else { return [("", pattern)] }
    let module = pattern.dropLast(2)
    return [".weight", ".bias"].map { ($0, module + $0) }
  }

  /// The dialect that knows most of a model's names; nil when none knows half of them.
  static func spoken(in names: [NameTemplate]) -> Dialect? {
    var best: (dialect: Dialect, known: Int)?
    for dialect in all {
      let known = names.count { dialect.entries[$0.text] != nil }
      if known > best?.known ?? 0 { best = (dialect, known) }
    }
    return best.flatMap { 2 * $0.known >= names.count ? $0.dialect : nil }
  }
}
