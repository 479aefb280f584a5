package import Lineage
internal import System

/// The recovery that a tree came from: the `graph` object of `tree.json`, whose values are texts.
package struct RunDescription: Sendable, Equatable {
  /// Name and version of the program.
  package var software: String
  package var options: LineageOptions
  /// What the distance measures, in words.
  package var definition: String
  /// What was skipped or is worth knowing, in the order in which it was noted.
  package var notes: [String]

  package init(
    software: String = "modeltree \(Version.software)", options: LineageOptions, definition: String? = nil,
    notes: [String] = []
  ) {
    self.software = software
    self.options = options
    self.definition = definition ?? options.metric.definition
    self.notes = notes
  }

  /// A value that cannot be what it is called.
  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  /// As written; options that are missing have their defaults.
  init(attributes: [String: String]) throws(Problem) {
    func value<Value>(_ name: String, _ expected: String, _ read: (String) -> Value?) throws(Problem) -> Value? {
      guard let text = attributes[name] else { return nil }
      if let value = read(text) { return value }
      let shown = TextColumns.shortened(text.printable, to: 80)
      throw Problem(description: "'\(name)' of the graph is '\(shown)', expected \(expected)")
    }
    let names = DistanceMetric.allCases.map(\.rawValue).joined(separator: ", ")
    let stages = Stage.allCases.map(\.rawValue).joined(separator: ", ")
    var options = LineageOptions()
    if let metric = try value("distance", "one of \(names)", { DistanceMetric(rawValue: $0) }) {
      options.metric = metric
    }
    if let stage = try value("stage", "one of \(stages)", { Stage(rawValue: $0) }) { options.stage = stage }
    if let lambda = try value(
      "lambda", "a number from 0 to 1,000,000",
      { Double($0).flatMap { LineageOptions.lambdas.contains($0) ? $0 : nil } })
    {
      options.lambda = lambda
    }
    if attributes["families"] != "auto" {
      options.families = try value(
        "families", "auto or a number", { Int($0).flatMap { LineageOptions.familyCounts.contains($0) ? $0 : nil } })
    }
    if let replicates = try value(
      "replicates", "a number from 0 to 10,000",
      { Int($0).flatMap { LineageOptions.replicateCounts.contains($0) ? $0 : nil } })
    {
      options.replicates = replicates
    }
    if let seed = try value("seed", "a number, 0 or more", { UInt64($0) }) { options.seed = seed }
    if options.metric.isPublished {
      options.distanceLayers = attributes["distance_layers"].flatMap { $0 == Self.allLayers ? nil : $0 }
      options.scoreLayers = attributes["score_layers"].flatMap { $0 == Self.allLayers ? nil : $0 }
    }
    var notes: [String] = []
    while let note = attributes["note_\(notes.count + 1)"] { notes.append(note) }
    self.init(
      software: attributes["software"] ?? "modeltree", options: options, definition: attributes["distance_definition"],
      notes: notes)
  }

  /// Where no layers were named.
  private static let allLayers = "square"

  /// What was asked for, by the names of `tree.json`.
  var settings: [String: String] {
    var settings = [
      "software": software, "distance": options.metric.rawValue, "distance_definition": definition,
      "stage": options.stage.rawValue, "lambda": "\(options.lambda)",
      "families": options.families.map(String.init) ?? "auto", "replicates": "\(options.replicates)",
      "seed": "\(options.seed)",
    ]
    if options.metric.isPublished {
      settings["distance_layers"] = options.distanceLayers ?? Self.allLayers
      settings["score_layers"] = options.scoreLayers ?? Self.allLayers
    }
    return settings
  }

  /// Everything, notes included.
  var attributes: [String: String] {
    var attributes = settings
    for (index, note) in notes.enumerated() { attributes["note_\(index + 1)"] = note }
    return attributes
  }
}
