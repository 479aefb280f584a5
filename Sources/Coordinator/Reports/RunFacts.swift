internal import Core
internal import Foundation
internal import Lineage
internal import System

/// What to know about a run beside its tree.
enum RunFacts {
  struct Fact {
    let name: String
    let value: String
  }

  static func of(_ run: FinishedRun) -> [Fact] {
    let (record, graph) = (run.record, run.forest.graph)
    let models = run.forest.nodes.count
    let options = ["distance", "stage", "lambda", "families", "replicates", "seed"].compactMap { name in
      graph[name].map { "\(name) \($0)" }
    }
    return [
      Fact(name: "finished recovery of", value: count(models, "model", "models")),
      Fact(name: "families", value: "\(run.forest.familyCount)"),
      Fact(name: "edges", value: "\(run.forest.links.count)"),
      Fact(name: "started", value: record.started),
      Fact(name: "took", value: "\(fixed(record.seconds, 2)) s"),
      Fact(name: "program", value: "modeltree \(record.software)"),
      Fact(name: "options", value: options.joined(separator: ", ")),
      Fact(name: "distance means", value: graph["distance_definition"] ?? run.metric),
      Fact(name: "inputs", value: record.inputs.joined(separator: "\n")),
      Fact(
        name: "weights read",
        value:
          "\(ByteCount(bytes: record.bytesRead)) of \(ByteCount(bytes: record.bytesOfWeights)), \(count(record.tensors, "tensor", "tensors")) in \(count(record.shards, "shard", "shards"))"
      ),
      Fact(
        name: "machine",
        value: "\(record.host), \(count(record.processors, "processor", "processors")), \(record.system)"),
      Fact(name: "directory", value: run.path),
    ]
  }

  /// What was set aside or is worth knowing, in the order in which it was noted.
  static func notes(_ forest: Forest) -> [String] {
    var notes: [String] = []
    while let note = forest.graph["note_\(notes.count + 1)"] { notes.append(note) }
    return notes
  }

  static func citation(_ run: FinishedRun) -> String {
    let day = run.record.started.prefix(10)
    return """
      Model tree of \(count(run.forest.nodes.count, "model", "models")), recovered from weights on \(day) \
      with modeltree \(run.record.software). The task: E. Horwitz, A. Shul, Y. Hoshen, \
      "On the Origin of Llamas: Model Tree Heritage Recovery", arXiv 2405.18432.
      """
  }

  private static func count(_ number: Int, _ one: String, _ many: String) -> String {
    "\(number) \(number == 1 ? one : many)"
  }
}
