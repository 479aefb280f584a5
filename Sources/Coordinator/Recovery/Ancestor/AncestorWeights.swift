internal import Checkpoints
internal import Core
internal import Encodings
internal import Foundation
internal import Graph
internal import Reports
internal import Spectra
internal import Storage
package import System

/// Writes the weights of an inferred ancestor: what its children have in common, where they came from it by updates of
/// low rank.
package struct AncestorWeights {
  private let run: String
  private let node: String
  private let output: String
  private let canEstimate: Bool
  private let folder: String

  /// Two sets of three children each, so that one says how well the other does.
  package static let fewestChildren = 6
  /// More children of one ancestor change nothing.
  private static let mostChildren = 16
  /// Share of the weights that may be means of the children without being asked for.
  private static let mostEstimated = 0.01
  /// Relative difference of two sets of children from which on they have no ancestor in common.
  private static let mostDisagreement = 1e-2

  /// - Parameters:
  ///   - run: directory of a finished run.
  ///   - node: as `tree` shows it.
  ///   - output: folder to write `model.safetensors` to.
  ///   - canEstimate: write means of the children where these do not decide the weights.
  ///   - folder: for stores; the caller removes it.
  package init(run: String, node: String, output: String, canEstimate: Bool, folder: String) {
    self.run = run
    self.node = node
    self.output = output
    self.canEstimate = canEstimate
    self.folder = folder
  }

  /// - Throws: `Failure`: usage where the node is not an inferred one; bad input where its children do not decide its
  ///   weights; cannot write.
  package func write() throws(Failure) -> AncestorAnswer {
    let finished = try FinishedRun(path: run)
    let place = try finished.model(node)
    let id = finished.graph.nodes[place].id
    guard finished.graph.nodes[place].isInferred else {
      throw .usage(
        "'\(id.printable)' is a model of the collection, whose weights are there",
        advice: "name an inferred ancestor, such as inferred-1; 'modeltree tree' shows them")
    }
    let path = "\(output)/\(Self.fileName)"
    guard !FileManager.default.fileExists(atPath: path) else {
      throw .cannotWrite("'\(path.printable)' is there already", advice: "name another folder, or remove the file")
    }
    var leftOut: [AncestorAnswer.LeftOut] = []
    let children = try children(of: place, finished, &leftOut)
    guard children.count >= Self.fewestChildren else {
      let reasons = leftOut.map { "\n  '\($0.id.printable)' \($0.reason)" }.joined()
      throw .badInput(
        "'\(id)' has \(counted(children.count, "child", "children")) to compute its weights from, "
          + "\(Self.fewestChildren) are the fewest that check each other\(reasons)",
        advice: "recover the collection again with more models that were trained on it")
    }
    try OpenBLAS.require()
    return try write(children, to: path, of: id, leftOut)
  }

  private static let fileName = "model.safetensors"
  private static let configurationName = "config.json"

  /// Removes what this process has begun to write to a folder; nothing else that is there.
  package static func removeUnfinished(in output: String) {
    for name in [fileName, configurationName] {
      try? FileManager.default.removeItem(atPath: AtomicFile.temporaryName(for: "\(output)/\(name)"))
    }
  }

  /// The observed children that can be put together.
  private func children(
    of node: Int, _ finished: FinishedRun, _ leftOut: inout [AncestorAnswer.LeftOut]
  ) throws(Failure) -> [ModelRecord] {
    let graph = finished.graph
    var paths: [(id: String, path: String)] = []
    for edge in graph.treeEdges where edge.source == node {
      let child = graph.nodes[edge.target]
      guard let model = child.model else {
        leftOut.append(.init(id: child.id, reason: "is not in the collection either"))
        continue
      }
      guard model.alignment == nil else {
        leftOut.append(.init(id: child.id, reason: "was compared in the coordinates of another model"))
        continue
      }
      paths.append((child.id, model.path))
    }
    guard !paths.isEmpty else { return [] }
    let collection = try CollectionLoader(stores: folder, mode: .places).load(paths.map(\.path))
    let byPath = Dictionary(collection.models.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    var found: [ModelRecord] = []
    for (id, path) in paths {
      guard var model = byPath[path] else {
        throw .badInput(
          "the model '\(id.printable)' of the run is not at '\(path.printable)' any more",
          advice: "put it back, or recover the collection again")
      }
      model.id = id
      for source in finished.record.models.first(where: { $0.path == path })?.sources ?? [] {
        try source.file.verify(model: id)
      }
      if model.adapter != nil {
        leftOut.append(.init(id: id, reason: "is an adapter, without weights of its own"))
      } else if let first = found.first, !first.hasSameTensors(as: model) {
        leftOut.append(
          .init(id: id, reason: "has other tensors, or other names for them, than '\(first.id.printable)'"))
      } else if found.count >= Self.mostChildren {
        leftOut.append(.init(id: id, reason: "\(Self.mostChildren) children are enough"))
      } else {
        found.append(model)
      }
    }
    return found
  }

  private func write(
    _ children: [ModelRecord], to path: String, of id: String, _ leftOut: [AncestorAnswer.LeftOut]
  ) throws(Failure) -> AncestorAnswer {
    let first = children[0]
    let rounding = children.map(\.rounding).max() ?? 0
    try Importer.prepare(folder: output)
    var answer = AncestorAnswer(
      node: id, file: path, children: children.map(\.id), leftOut: leftOut,
      weights: first.tensors.reduce(0) { $0 + $1.shape.elements }, estimatedWeights: 0, tensors: [])
    var (error, energy) = (0.0, 0.0)
    // The first tensor that no two sets of children decide.
    var unchecked: String?
    let writer = try SafetensorsWriter(path: path, tensors: first.tensors.map { ($0.name, $0.shape) })
    do throws(Failure) {
      for (number, tensor) in first.tensors.enumerated() {
        let copies = children.map { $0.tensors[number] }
        let found = try AncestorTensor(copies: copies, rounding: rounding).find { numbers throws(Failure) in
          try writer.add(numbers)
        }
        var said = AncestorAnswer.Tensor(name: tensor.name, origin: found.origin.rawValue)
        switch found.origin {
        case .unchanged: break
        case .recovered:
          said.ranks = found.ranks
          if found.isChecked {
            (error, energy) = (error + found.error, energy + found.energy)
            said.error = found.relative
          } else {
            unchecked = unchecked ?? tensor.name
          }
        case .estimated:
          answer.estimatedWeights += tensor.shape.elements
          said.error = found.relative
        }
        answer.tensors.append(said)
        try require(answer, id, found.obstacle)
      }
      if energy > 0 { answer.disagreement = (error / energy).squareRoot() }
      if let apart = answer.disagreement, apart > Self.mostDisagreement, !canEstimate {
        throw .badInput(
          "the children of '\(id)' do not agree on its weights: what two sets of them say differs by \(apart) of its length",
          advice: "some of them may descend from another model; --estimate writes an estimate nevertheless")
      }
      if let unchecked, !canEstimate {
        throw .badInput(
          "the children of '\(id)' do not check each other: no two sets of them decide '\(unchecked.printable)'",
          advice:
            "recover the collection again with more models that were trained on it; --estimate writes an estimate nevertheless"
        )
      }
      try copyConfiguration(first)
    } catch {
      writer.cancel()
      throw error
    }
    try writer.finish()
    return answer
  }

  /// - Throws: `Failure` (bad input) once too much of the ancestor is a guess.
  ///
  /// - Parameter obstacle: why the last tensor is one.
  private func require(
    _ answer: AncestorAnswer, _ id: String, _ obstacle: AncestorTensor.Obstacle?
  ) throws(Failure) {
    guard !canEstimate, Double(answer.estimatedWeights) > Self.mostEstimated * Double(answer.weights),
      let tensor = answer.tensors.last, let obstacle
    else { return }
    throw .badInput(
      "the children of '\(id)' do not decide its weights: they differ in '\(tensor.name.printable)' \(obstacle.text)",
      advice: "--estimate writes the mean of the children in such places")
  }

  /// What programs need to load the weights, as the first child has it.
  private func copyConfiguration(_ child: ModelRecord) throws(Failure) {
    let name = Self.configurationName
    guard let file = child.sources.first?.path else { return }
    let source = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent(name).path
    let target = "\(output)/\(name)"
    guard !FileManager.default.fileExists(atPath: target), let data = try? BoundedFile.read(source, limit: 1 << 24)
    else {
      return
    }
    try AtomicFile.write(data, to: target)
  }
}
