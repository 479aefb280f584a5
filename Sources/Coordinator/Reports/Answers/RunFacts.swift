internal import Graph
internal import Lineage
internal import System

/// Facts about a run other than its tree.
enum RunFacts {
  struct Fact {
    let name: String
    let value: String
  }

  static func of(_ run: FinishedRun) -> [Fact] {
    let (record, settings) = (run.record, run.report.description.settings)
    let models = run.graph.nodes.count { !$0.isInferred }
    let options = ["distance", "stage", "lambda", "families", "replicates", "seed"].compactMap { name in
      settings[name].map { "\(name) \($0)" }
    }
    return [
      Fact(name: "finished recovery of", value: AnswerText.count(models, "model", "models")),
      Fact(name: "families", value: "\(run.graph.familyCount)"),
      Fact(name: "edges", value: "\(run.graph.treeEdges.count)"),
      Fact(name: "started", value: record.started),
      Fact(name: "took", value: "\(fixed(record.seconds, 2)) s"),
      Fact(name: "program", value: "modeltree \(record.software)"),
      Fact(name: "options", value: options.joined(separator: ", ")),
      Fact(name: "distance means", value: run.report.description.definition),
      Fact(name: "inputs", value: record.inputs.joined(separator: "\n")),
      Fact(
        name: "weights read",
        value:
          "\(ByteCount(bytes: record.bytesRead)) of \(ByteCount(bytes: record.bytesOfWeights)), \(AnswerText.count(record.tensors, "tensor", "tensors")) in \(AnswerText.count(record.shards, "shard", "shards"))"
      ),
      Fact(
        name: "machine",
        value: "\(record.host), \(AnswerText.count(record.processors, "processor", "processors")), \(record.system)"),
      Fact(name: "directory", value: run.path),
    ]
  }

  static func citation(_ run: FinishedRun) -> String {
    let day = run.record.started.prefix(10)
    return """
      Model tree of \(AnswerText.count(run.graph.nodes.count { !$0.isInferred }, "model", "models")), recovered from weights on \(day) \
      with modeltree \(run.record.software). The task: E. Horwitz, A. Shul, Y. Hoshen, \
      "On the Origin of Llamas: Model Tree Heritage Recovery", arXiv 2405.18432.
      """
  }
}
