internal import Checkpoints
package import Core
internal import Encodings
internal import Storage
internal import System

/// What makes two runs the same: their inputs and the options that change what shards compute.
///
/// Fingerprints are SHA-256, so that nobody can make up other inputs that pass for those of a run.
///
/// Options that only touch the solving are not part of it. Kept in the run directory as readable
/// parts, so that a mismatch can be named.
package struct RunIdentity: Sendable, Equatable, Codable {
  /// Name of the part -> value, as shown to people.
  package var parts: [String: String]

  /// - Parameter samples: a fingerprint of some of each model's weights, in the order of the plan.
  package init(plan: Plan, statistics: Statistics, samples: [String]) {
    var parts: [String: String] = [
      "run format": "\(Version.runFormat)",
      "statistics": "\(statistics.rawValue)",
      "shards":
        "\(plan.shards.count) of \(ShardGeometry.target) coordinates, fingerprint \(Self.print(of: plan, beside: statistics))",
    ]
    for (model, sample) in zip(plan.models, samples) {
      parts[Self.part(of: model.id)] = Self.text(of: model, sample: sample)
    }
    // The order decides the numbering of everything that is stored.
    parts["order of models"] =
      SHA256.digest(of: Array(plan.models.map { "\($0.id)\u{0}" }.joined().utf8)).text
    if !plan.isWhole {
      let own = plan.covers.flatMap { $0.cover.blocks.map(\.own) }
      let numbers = (plan.sections + own).map { $0.map { "\($0) " }.joined() + "\u{0}" }.joined()
      parts["sections"] = "\(plan.sections.count), fingerprint \(SHA256.digest(of: Array(numbers.utf8)).text)"
    }
    self.parts = parts
  }

  /// What each model is, by id.
  package var models: [String: String] {
    let mark = Self.part(of: "").dropLast()
    return parts.filter { $0.key.hasPrefix(mark) }
  }

  /// What must be equal for partials of one run to be of use to another.
  package var rules: [String] { ["run format", "statistics"].map { parts[$0] ?? "" } }

  /// Identifies what every shard is asked for.
  private static func print(of plan: Plan, beside statistics: Statistics) -> String {
    var print = SHA256()
    for tensor in plan.tensors {
      print.add("\(tensor.name)\u{0}\(tensor.shape)\u{0}\(tensor.firstRow)\u{0}")
      let own = tensor.statistics.subtracting(statistics).rawValue
      let sketch = tensor.sketch.map { "\($0.rows)x\($0.columns)" } ?? "none"
      print.add("\(own) \(tensor.samples) \(tensor.spectrum) \(sketch) \(tensor.copies.count)")
    }
    // Where all shards stay whole, runs of earlier versions go on.
    let pieces = plan.shards.map(\.pieces)
    if pieces.contains(where: { $0 > 1 }) { print.add("pieces \(pieces)") }
    return print.digest.text
  }

  /// The name of a model's part.
  package static func part(of model: String) -> String { "model '\(model)'" }

  private static func text(of model: ModelRecord, sample: String) -> String {
    var headers = SHA256()
    var times = SHA256()
    for source in model.sources {
      headers.add("\(source.bytes)\u{0}\(source.header)\u{0}")
      times.add("\(source.modified)\u{0}")
    }
    for tensor in model.tensors {
      headers.add("\(tensor.name)\u{0}\(tensor.storage)\(tensor.shape)\u{0}")
    }
    let files = model.sources.count == 1 ? "1 file" : "\(model.sources.count) files"
    let bytes = model.sources.reduce(0) { $0 + $1.bytes }
    return "\(files), \(bytes) bytes, headers \(headers.digest.text), times \(times.digest.text), weights \(sample)"
  }

  /// 64 hexadecimal digits that identify all parts.
  package var text: String {
    var print = SHA256()
    for (name, value) in parts.sorted(by: { $0.key < $1.key }) {
      print.add("\(name)\u{0}\(value)\u{0}")
    }
    return print.digest.text
  }

  /// One line for each part that differs, both values shown.
  package func differences(from other: RunIdentity) -> [String] {
    Set(parts.keys).union(other.parts.keys).sorted().compactMap { name in
      let (ours, theirs) = (parts[name] ?? "absent", other.parts[name] ?? "absent")
      guard ours != theirs else { return nil }
      return "\(Self.shown(name)): the run has \(Self.shown(theirs)), this command gives \(Self.shown(ours))"
    }
  }

  /// A journal may say anything, at any length.
  private static func shown(_ text: String) -> String { TextColumns.shortened(text.printable, to: 500) }
}
