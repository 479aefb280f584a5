import Foundation
import TestPrograms
import TestSupport

/// A model that `make_models.py` makes.
struct Recipe: Encodable {
  var folder: String
  var seed: Int
  var parent: String?
  var step = 0.01
  var tensors = 4
  var shape = [48, 32]
  var dtype = "float32"
  var poison: String?
  var integers = false
  var prefix = ""
  /// Of its tensors; of a child, in the alphabetical order of its parent's.
  var names: [String]?

  static func make(_ recipes: [Recipe]) throws {
    let json = String(decoding: try JSONEncoder().encode(recipes), as: UTF8.self)
    let output = try Program.oracle("make_models", [], input: json)
    guard output.status == 0 else { throw CollectionError(text: output.stderr) }
  }
}

struct CollectionError: Error, CustomStringConvertible {
  var text: String
  var description: String { "make_models.py failed (make test sets its Python up): \(text)" }
}

extension TemporaryFolder {
  /// A root and its children, each in a folder of its own below `models`.
  func makeFamily(children: Int = 3, tensors: Int = 4, shape: [Int] = [48, 32]) throws -> String {
    let root = Recipe(folder: at("models/root"), seed: 1, tensors: tensors, shape: shape)
    let others = (0..<children).map {
      Recipe(
        folder: at("models/child\($0)"), seed: 10 + $0, parent: root.folder,
        step: 0.01 * Double($0 + 1))
    }
    try Recipe.make([root] + others)
    return at("models")
  }
}
