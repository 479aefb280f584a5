internal import Foundation
internal import System

/// What the JSON files beside a model's weights say of its network, as a flat table: `config.num_attention_heads`,
/// `config.quantization_config.bits`, `params.n_heads`.
///
/// They come from strangers: whatever is not a short scalar value is left out, and so is a file that cannot be read.
enum ModelConfiguration {
  /// Files that are looked for, and what their keys are prefixed with.
  private static let files = [
    ("config.json", "config"), ("params.json", "params"), ("quantize_config.json", "config.quantization_config"),
    ("quant_config.json", "config.quantization_config"),
  ]
  private static let largestFile = 1 << 20
  private static let deepest = 8
  private static let mostEntries = 4096
  private static let longestText = 256

  /// - Parameter folder: the one that holds the weights.
  static func read(in folder: String) -> [String: String] {
    var table: [String: String] = [:]
    for (file, prefix) in files {
      guard let text = try? BoundedFile.read("\(folder)/\(file)", limit: largestFile),
        let value = try? JSONSerialization.jsonObject(with: text)
      else { continue }
      flatten(value, prefix, depth: 0, &table)
    }
    return table
  }

  private static func flatten(_ value: Any, _ key: String, depth: Int, _ table: inout [String: String]) {
    guard table.count < mostEntries, key.utf8.count <= longestText, depth < deepest else { return }
    switch value {
    case let object as [String: Any]:
      for (name, value) in object.sorted(by: { $0.key < $1.key }) {
        flatten(value, "\(key).\(name)", depth: depth + 1, &table)
      }
    case let list as [Any]:
      for (place, value) in list.enumerated() { flatten(value, "\(key).\(place)", depth: depth + 1, &table) }
    case let text as String:
      if text.utf8.count <= longestText, table[key] == nil { table[key] = text }
    case let number as NSNumber:
      if table[key] == nil { table[key] = number.stringValue }
    default: break
    }
  }
}
