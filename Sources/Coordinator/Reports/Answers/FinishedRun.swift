package import Core
internal import Foundation
package import Graph
internal import Lineage
internal import Storage
package import System

/// The results of a finished run, as its directory holds them. Nothing is written, and everything is checked before it
/// is used: a run directory may come from anybody.
package struct FinishedRun {
  package let path: String
  package let report: TreeReport
  package let record: RunRecord
  private let results: HDF5File
  /// Models that were compared with each other, and where the numbers about them are.
  private struct Section {
    /// Path of its group; empty: the top of the file.
    let group: String
    /// Per row of its matrices the node.
    let nodes: [Int]
  }

  private let sections: [Section]
  /// How many of the last sections may have guests: models that belong to others.
  private let guestSections: Int
  /// Per section the group of overlapping sections that it belongs to; negative: none.
  private let groups: [Int]
  /// Per node its section and its row there; nil for inferred nodes, and for models that were compared with no other.
  private let places: [(section: Int, row: Int)?]

  /// - Throws: `Failure` (bad input) when something is missing, is not as the run wrote it, or does not belong together.
  package init(path: String) throws(Failure) {
    try ResultFile.check([TreeReport.fileName, ResultsFile.fileName], in: path)
    let report = try TreeReport(path: "\(path)/\(TreeReport.fileName)")
    try self.init(path: path, report, RunRecord(path: "\(path)/\(RunRecord.fileName)"))
  }

  /// - Parameter record: of a run that ends just now, which need not be on disk yet.
  init(path: String, record: RunRecord) throws(Failure) {
    try self.init(path: path, TreeReport(path: "\(path)/\(TreeReport.fileName)"), record)
  }

  private init(path: String, _ report: TreeReport, _ record: RunRecord) throws(Failure) {
    self.path = path
    self.report = report
    self.record = record
    results = try HDF5File(reading: "\(path)/\(ResultsFile.fileName)")
    let observed = report.graph.nodes.indices.filter { !report.graph.nodes[$0].isInferred }
    let found = try Self.sections(results, path, observed)
    (sections, guestSections, groups) = (found.sections, found.guests, found.groups)
    var places: [(section: Int, row: Int)?] = Array(repeating: nil, count: report.graph.nodes.count)
    for (number, section) in sections.enumerated() {
      for (row, node) in section.nodes.enumerated() where found.homes[node] == number { places[node] = (number, row) }
    }
    self.places = places
    let ids = try results.strings("/models")
    guard ids.map({ ByteString($0) }) == observed.map({ ByteString(report.graph.nodes[$0].id) }) else {
      throw .badInput(
        "tree.json and results.h5 in '\(path.printable)' are not of the same run",
        advice: "run the same recovery again; what is finished is not computed again")
    }
  }

  private struct Sections {
    var sections: [Section]
    /// How many of the last ones are of widths.
    var guests = 0
    /// Per section.
    var groups: [Int]
    /// Per node the section that it belongs to.
    var homes: [Int: Int]
  }

  /// - Parameter observed: nodes of the models of the collection.
  private static func sections(
    _ results: HDF5File, _ path: String, _ observed: [Int]
  ) throws(Failure) -> Sections {
    guard let count = results.integerAttribute(ResultsFile.sectionsAttribute, of: "/") else {
      return Sections(
        sections: [Section(group: "", nodes: observed)], groups: [-1],
        homes: Dictionary(uniqueKeysWithValues: observed.map { ($0, 0) }))
    }
    let wrong = Failure.badInput(
      "the sections of '\(path.printable)/results.h5' are not those of its models",
      advice: "run the same recovery again; what is finished is not computed again")
    let guests = results.integerAttribute(ResultsFile.guestsAttribute, of: "/") ?? 0
    guard 0...observed.count ~= count, 0...count ~= guests else { throw wrong }
    let homes = try results.doubles(ResultsFile.homesName).map { Int(exactly: $0) }
    // Earlier runs have none.
    let groups = (try? results.doubles(ResultsFile.groupsName))?.map { Int(exactly: $0) ?? -1 }
    guard homes.count == observed.count, groups?.count ?? count == count else { throw wrong }
    var found = Sections(sections: [], guests: guests, groups: groups ?? Array(repeating: -1, count: count), homes: [:])
    for number in 0..<count {
      let group = ResultsFile.group(number)
      let members = try results.doubles("\(group)/models").map { Int(exactly: $0) ?? -1 }
      guard Set(members).count == members.count, members.allSatisfy(observed.indices.contains) else { throw wrong }
      for model in members where homes[model] == number { found.homes[observed[model]] = number }
      found.sections.append(Section(group: group, nodes: members.map { observed[$0] }))
    }
    guard found.homes.count == homes.count(where: { $0 != -1 }) else { throw wrong }
    return found
  }

  package var graph: ModelGraph { report.graph }

  /// Are there models that were not compared with each other because the collection is too large?
  package var isSectioned: Bool {
    let others = sections.count - guestSections
    return others > 1 || guestSections == 0 && !(sections.first?.group.isEmpty ?? false)
  }

  /// Are there models that were compared by what they have kept of wider ones?
  package var hasWidths: Bool { guestSections > 0 }

  /// The section that a model belongs to; nil for inferred nodes, and for models that were compared with no other.
  func section(_ node: Int) -> Int? { places[node]?.section }

  /// The section that two models have in common, and their rows there: one of the two belongs to it, the second one where
  /// that can be.
  private func common(_ a: Int, _ b: Int) -> (section: Section, rows: (Int, Int))? {
    for (node, other, isSwapped) in [(b, a, true), (a, b, false)] {
      guard let place = places[node], let row = sections[place.section].nodes.firstIndex(of: other) else { continue }
      return (sections[place.section], isSwapped ? (row, place.row) : (place.row, row))
    }
    return nil
  }

  /// Were two models of the collection left apart because their fingerprints are not alike?
  func areApart(_ a: Int, _ b: Int) -> Bool {
    guard isSectioned, a != b, [a, b].allSatisfy({ !graph.nodes[$0].isInferred }) else { return false }
    return common(a, b) == nil && !areLeftOut(a, b)
  }

  /// Were two models that are compared in overlapping sections left out because others are nearer to both by their
  /// fingerprints?
  func areLeftOut(_ a: Int, _ b: Int) -> Bool {
    guard a != b, let one = places[a], let other = places[b], groups[one.section] >= 0 else { return false }
    return groups[one.section] == groups[other.section] && common(a, b) == nil
  }

  /// The models that one was compared with in its own section, itself among them, where that is one of several that overlap;
  /// nil where it is not.
  func neighborhood(_ node: Int) -> Set<Int>? {
    guard let place = places[node], groups[place.section] >= 0 else { return nil }
    return Set(sections[place.section].nodes)
  }

  /// Were two models of the collection not compared because one of them was compared only with what it has kept of
  /// wider models?
  func areOfOtherWidths(_ a: Int, _ b: Int) -> Bool {
    guard hasWidths, a != b, [a, b].allSatisfy({ !graph.nodes[$0].isInferred }), common(a, b) == nil else {
      return false
    }
    return [a, b].contains { graph.nodes[$0].model?.alignment?.kept != nil }
  }

  /// Ids of all nodes.
  package var ids: [String] { graph.nodes.map(\.id) }

  /// Name of the distance that the run was asked for.
  package var metric: String { report.description.options.metric.rawValue }

  /// Rows and columns are nodes; NaN where two models share nothing, and for inferred nodes.
  package func distances() throws(Failure) -> BlockMatrix { try matrix("/distance/\(metric)") }
  package func costs() throws(Failure) -> BlockMatrix {
    let costs = try matrix("/cost")
    guard isSectioned || hasWidths else { return costs }
    // What a parent costs is known where the child belongs. A narrower model is no parent of a wider one.
    let blocks = zip(sections.indices, costs.blocks).map { number, block in
      var matrix = block.matrix
      for (column, node) in block.members.enumerated() {
        let isOwn = places[node]?.section == number
        for (row, other) in block.members.enumerated()
        where !isOwn || isNarrower(other, in: number) && !isNarrower(node, in: number) {
          matrix[row, column] = .nan
        }
      }
      return BlockMatrix.Block(members: block.members, matrix: matrix)
    }
    return BlockMatrix(costs.n, blocks: blocks, homes: places.map { $0?.section })
  }

  /// Is it one of the models that a section of widths is about?
  private func isNarrower(_ node: Int, in section: Int) -> Bool {
    places[node]?.section == section && graph.nodes[node].model?.alignment?.kept != nil
  }
  package func evidence() throws(Failure) -> BlockMatrix { try matrix("/evidence") }
  package func relatedness() throws(Failure) -> BlockMatrix { try matrix("/relatedness") }

  func probability() throws(Failure) -> BlockMatrix { try matrix("/relatedness_p") }

  private func matrix(_ name: String) throws(Failure) -> BlockMatrix {
    var blocks: [BlockMatrix.Block] = []
    for section in sections {
      let n = section.nodes.count
      let values = try results.doubles(section.group + name)
      guard values.count == n * n else {
        throw .badInput(
          "'\(path.printable)/results.h5': '\(section.group)\(name)' has \(values.count) values, expected \(n) x \(n)",
          advice: "run the same recovery again; what is finished is not computed again")
      }
      blocks.append(.init(members: section.nodes, matrix: SquareMatrix(n, values: values)))
    }
    return BlockMatrix(graph.nodes.count, blocks: blocks, homes: places.map { $0?.section })
  }

  /// One row of a matrix, by node; NaN for and of inferred nodes, and for models of other sections.
  func row(_ name: String, _ node: Int) throws(Failure) -> [Double] {
    var values = Array(repeating: Double.nan, count: graph.nodes.count)
    guard let place = places[node] else { return values }
    // The model's own section first.
    for number in [place.section] + sections.indices.filter({ $0 != place.section }) {
      let section = sections[number]
      guard let row = section.nodes.firstIndex(of: node) else { continue }
      let found = try results.doubles(section.group + name, start: [row, 0], count: [1, section.nodes.count])
      for (other, value) in zip(section.nodes, found)
      where number == place.section || places[other]?.section == number && values[other].isNaN {
        values[other] = value
      }
    }
    return values
  }

  /// Euclidean distances of two models, tensor by tensor; NaN where they do not share it. Empty for inferred nodes, and
  /// for models of different sections.
  func tensorDistances(_ a: Int, _ b: Int) throws(Failure) -> [Double] {
    guard let found = common(a, b) else { return [] }
    let group = found.section.group
    let tensors = try results.strings("\(group)/tensors").count
    return try results.doubles(
      "\(group)/tensor_distance/l2", start: [0, found.rows.0, found.rows.1], count: [tensors, 1, 1])
  }

  /// Weights of each tensor that a model may have been compared by; empty for inferred nodes.
  func tensorSizes(_ node: Int) throws(Failure) -> [Double] {
    guard let place = places[node] else { return [] }
    let group = sections[place.section].group
    let shapes = try results.strings("\(group)/tensor_shape")
    guard shapes.count == (try results.strings("\(group)/tensors").count) else { throw damagedSections }
    return shapes.map { shape in shape.split { !$0.isNumber }.compactMap { Double($0) }.reduce(1, *) }
  }

  /// What is said where results.h5 does not agree with itself, or with tree.json.
  var damagedSections: Failure {
    .badInput(
      "the tensors of '\(path.printable)/results.h5' are not those of its models",
      advice: "run the same recovery again; what is finished is not computed again")
  }

  /// Per tensor of `tensorSizes`, by node: does the model share it with that one?
  func sharedTensors(_ node: Int) throws(Failure) -> [[Bool]] {
    let none = Array(repeating: false, count: graph.nodes.count)
    guard let place = places[node] else { return [] }
    let section = sections[place.section]
    let tensors = try results.strings("\(section.group)/tensors").count
    let apart = try results.doubles(
      "\(section.group)/tensor_distance/l2", start: [0, place.row, 0], count: [tensors, 1, section.nodes.count])
    return (0..<tensors).map { tensor in
      var shared = none
      for (column, other) in section.nodes.enumerated() where other != node {
        shared[other] = !apart[tensor * section.nodes.count + column].isNaN
      }
      return shared
    }
  }

  /// Kurtosis of each tensor of a model's `tensorSizes`; NaN where the other one does not have it. Empty for inferred nodes,
  /// and where the two were not compared.
  ///
  /// - Parameter of: nil: the model itself.
  func kurtosis(_ node: Int, of other: Int? = nil) throws(Failure) -> [Double] {
    guard let place = places[node], let row = sections[place.section].nodes.firstIndex(of: other ?? node) else {
      return []
    }
    let group = sections[place.section].group
    let tensors = try results.strings("\(group)/tensors").count
    return try results.doubles("\(group)/kurtosis", start: [row, 0], count: [1, tensors])
  }

  /// What each tensor of `tensorSizes` does in its network; of an inferred node, those of the models of its family.
  func roles(_ node: Int) throws(Failure) -> [String] {
    let family = graph.nodes[node].family
    let place =
      places[node]
      ?? graph.nodes.indices.first { graph.nodes[$0].family == family && places[$0] != nil }
      .flatMap { places[$0] }
    guard let place else { return [] }
    return try results.strings("\(sections[place.section].group)/tensor_role")
  }

  /// The model that somebody means: its id, its path, or the only one that ends with the text.
  ///
  /// - Parameter text: as it was typed: `m-8f45`, `m-8f45/`, `models/m-8f45`.
  /// - Returns: its node.
  package func model(_ text: String) throws(Failure) -> Int {
    let ids = ids
    let typed = text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
    let bytes = ByteString(typed)
    if let exact = ids.firstIndex(where: { ByteString($0) == bytes }) ?? ids.firstIndex(of: typed) { return exact }
    let ending = ids.indices.filter { ids[$0].hasSuffix("/" + typed) }
    if ending.count == 1 { return ending[0] }
    let path = URL(fileURLWithPath: typed).standardizedFileURL.path
    let placed = graph.nodes.indices.filter { graph.nodes[$0].model?.path == path }
    if placed.count == 1 { return placed[0] }
    let within = ids.indices.filter { typed.hasSuffix("/" + ids[$0]) }
    if within.count == 1 { return within[0] }
    let near = ids.filter { $0.localizedCaseInsensitiveContains(text) }.prefix(5)
    let advice =
      near.isEmpty
      ? "'modeltree tree' shows the ids of a run"
      : "did you mean \(near.map { "'\($0.printable)'" }.joined(separator: " or "))?"
    throw .badInput("there is no model '\(text.printable)' in '\(path.printable)'", advice: advice)
  }
}
