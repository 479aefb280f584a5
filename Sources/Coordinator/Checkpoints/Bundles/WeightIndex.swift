internal import Foundation
internal import System

/// `model.safetensors.index.json`: which part of a model holds which tensors.
struct WeightIndex {
  /// Of the index itself.
  let name: String
  /// `model`, or `model.fp16`
  let stem: String
  /// Of the parts: `safetensors`
  let ending: String
  /// Tensors by the part that holds them.
  let tensors: [String: Set<String>]

  /// Bytes that are read: a large model's index has some 10 MB.
  private static let largest = 256 << 20

  private struct Content: Decodable {
    var weight_map: [String: String]
  }

  /// Stem and ending of the parts that an index of this name lists; nil for other names.
  static func parts(_ name: String) -> (stem: String, ending: String)? {
    guard name.hasSuffix(".json"), let middle = name.range(of: ".index.", options: .backwards) else { return nil }
    let whole = String(name[..<middle.lowerBound])
    // Diffusers puts the precision before or behind: `x.safetensors.index.fp16.json`.
    let variant = name[middle.upperBound...].dropLast("json".count).dropLast()
    guard let ending = WeightNames.ending(of: whole) else { return nil }
    return (String(whole.dropLast(ending.utf8.count + 1)) + (variant.isEmpty ? "" : ".\(variant)"), ending)
  }

  /// - Throws: `Failure` (bad input) for an index that cannot be read, or that points outside of its folder.
  init?(_ name: String, in folder: String) throws(Failure) {
    guard let (stem, ending) = Self.parts(name) else { return nil }
    (self.name, self.stem, self.ending) = (name, stem, ending)
    let path = "\(folder)/\(name)"
    let text: Data
    do throws(BoundedFile.Problem) {
      text = try BoundedFile.read(path, limit: Self.largest)
    } catch {
      throw .badInput("'\(path.printable)' cannot be read: \(error)", advice: "download it again")
    }
    guard let map = try? JSONDecoder().decode(Content.self, from: text).weight_map else {
      throw .badInput(
        "'\(path.printable)' is not an index of a sharded model (no readable 'weight_map')", advice: "download it again"
      )
    }
    guard !map.isEmpty else { throw .badInput("'\(path.printable)' names no tensors", advice: "download it again") }
    var tensors: [String: Set<String>] = [:]
    for (tensor, part) in map { tensors[part, default: []].insert(tensor) }
    // The index comes from strangers: it may name its own folder's files and nothing else.
    for part in tensors.keys.sorted() where part.contains("/") || part == ".." || part.isEmpty {
      throw .badInput(
        "'\(path.printable)' points outside its folder: '\(part.printable)'",
        advice: "do not use this model, or correct its index")
    }
    self.tensors = tensors
  }
}
