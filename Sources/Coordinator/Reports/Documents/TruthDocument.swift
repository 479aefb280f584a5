internal import Foundation
package import Graph
package import System

/// `truth.json`: `{"models": [{"id": ..., "parent": null or an id, "parents": [...]}]}`; further keys do no harm.
package enum TruthDocument {
  private struct File: Decodable {
    struct Model: Decodable {
      var id: String
      var parent: String?
      var parents: [String]?
    }

    var models: [Model]
  }

  private static let mostBytes = 64 << 20
  private static let form = "expected {\"models\": [{\"id\": ..., \"parent\": null or an id}, ...]}"

  /// - Throws: `Failure` (bad input): missing or unreadable file, an id twice, an unknown parent, a cycle.
  package static func read(_ path: String) throws(Failure) -> Truth {
    let data: Data
    do {
      data = try BoundedFile.read(path, limit: mostBytes)
    } catch {
      throw .badInput(
        "cannot read the truth file '\(path.printable)': \(error)", advice: "check that the path is right")
    }
    let file: File
    do {
      file = try JSONDecoder().decode(File.self, from: data)
    } catch {
      let reason = (error as? DecodingError)?.reason ?? "it is not JSON"
      throw .badInput("'\(path.printable)' is not a truth file: \(reason)", advice: form)
    }
    guard file.models.count <= ModelGraph.mostNodes else {
      throw .badInput(
        "'\(path.printable)' lists \(file.models.count) models, expected at most \(ModelGraph.mostNodes)", advice: form)
    }
    let truth = Truth(
      models: file.models.map { model in
        var parents = model.parents ?? []
        if let parent = model.parent, !parents.contains(parent) { parents.insert(parent, at: 0) }
        return Truth.Model(id: model.id, parents: parents)
      })
    try check(truth, path)
    return truth
  }

  private static func check(_ truth: Truth, _ path: String) throws(Failure) {
    var ids: Set<String> = []
    for model in truth.models where !ids.insert(model.id).inserted {
      throw .badInput(
        "'\(path.printable)' lists the model '\(model.id.printable)' twice", advice: "keep one of the two entries")
    }
    for model in truth.models {
      for parent in model.parents where !ids.contains(parent) {
        throw .badInput(
          "'\(path.printable)': the parent '\(parent.printable)' of '\(model.id.printable)' is not among its models",
          advice: "add the parent, or make it null")
      }
    }
    if let model = truth.ownAncestor {
      throw .badInput(
        "'\(path.printable)': the model '\(model.printable)' is its own ancestor",
        advice: "correct the parents that lead back to it")
    }
  }
}
