internal import Foundation

/// What tensor names have in common whatever the dialect: wrappers in front, and words that tell which part of the
/// network a tensor belongs to. Its data is `Dialects/common.json`.
struct CommonNames: Decodable, Sendable {
  /// Prefixes that task models, training frameworks and adapters put in front.
  let wrappers: [Prefix]
  /// Parts that training frameworks insert anywhere.
  let noise: Set<Substring>
  /// Parts around a network inside another one that say nothing of what it is.
  let inner: Set<Substring>
  /// Tables with one row per token, position or type.
  let tables: [NameWord]
  /// Tables with one row per token.
  let tokens: [NameWord]
  /// Linear maps inside blocks that are called embeddings, such as those of time steps. Image patches are read
  /// by a table of its own kind: its training follows the images more than the task.
  let maps: [NameWord]
  /// Output layers: language-model heads, classifiers, poolers.
  let heads: [NameWord]
  /// Numbers that no training changes, equal in strangers.
  let constants: [NameWord]

  private enum CodingKeys: String, CodingKey { case wrappers, noise, inner, tables, tokens, maps, heads, constants }

  init(from decoder: any Decoder) throws {
    let data = try decoder.container(keyedBy: CodingKeys.self)
    wrappers = try data.decode([Prefix].self, forKey: .wrappers)
    noise = Set(try data.decode([String].self, forKey: .noise).map { $0[...] })
    let fronts = wrappers.map { String(decoding: $0.bytes.dropLast(), as: UTF8.self) }
    inner = noise.union(
      (fronts + (try data.decode([String].self, forKey: .inner))).flatMap { $0.split(separator: ".") })
    tables = try data.decode([NameWord].self, forKey: .tables)
    tokens = try data.decode([NameWord].self, forKey: .tokens)
    maps = try data.decode([NameWord].self, forKey: .maps)
    heads = try data.decode([NameWord].self, forKey: .heads)
    constants = try data.decode([NameWord].self, forKey: .constants)
  }

  static let shared: CommonNames = DialectData.decode(PackageResources.common_json, "common")

  /// A prefix as bytes, which are far cheaper to compare than characters.
  struct Prefix: Decodable, Sendable {
    let bytes: [UInt8]

    init(from decoder: any Decoder) throws {
      bytes = Array(try decoder.singleValueContainer().decode(String.self).utf8)
    }
  }
}
