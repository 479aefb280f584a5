import ArgumentParser
import Foundation
import Graph
import Reports

/// What a shell offers where a model of a run is expected.
enum RunCompletion {
  /// Ids of the run that the words before name; nothing where they name none.
  static let models = CompletionKind.custom { words, _, prefix in
    for word in words.dropFirst() where !word.hasPrefix("-") {
      let path = word.trimmingCharacters(in: CharacterSet(charactersIn: "\"'"))
      guard FileManager.default.fileExists(atPath: "\(path)/tree.json"),
        let report = try? TreeReport(run: path)
      else { continue }
      return report.graph.nodes.map(\.id).filter { prefix.isEmpty || $0.hasPrefix(prefix) }
    }
    return []
  }
}
