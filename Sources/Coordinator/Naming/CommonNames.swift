internal import Foundation

/// What tensor names have in common whatever the dialect: wrappers in front, and words that tell which part of the
/// network a tensor belongs to. Its data is `Dialects/common.json`.
struct CommonNames: Decodable, Sendable {
  /// Prefixes that task models, training frameworks and adapters put in front.
  let wrappers: [Prefix]
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

  static let shared: CommonNames = DialectData.decode(PackageResources.common_json, "common")

  /// A prefix as bytes, which are far cheaper to compare than characters.
  struct Prefix: Decodable, Sendable {
    let bytes: [UInt8]

    init(from decoder: any Decoder) throws {
      bytes = Array(try decoder.singleValueContainer().decode(String.self).utf8)
    }
  }
}
