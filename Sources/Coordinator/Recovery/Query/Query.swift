import Alignment
import Checkpoints
import Coordination
import Core
import Foundation
import Gathering
import Graph
import Journal
import Lineage
import Planning
import Reports
import Storage
package import System

/// Finds the place of one new model: samples choose the candidates, a small recovery of its own
/// compares them, the recorded tree takes it in.
package struct Query {
  private let run: String
  private let model: String
  private let nearest: Int
  private let workers: Int
  private let memoryBytes: Int
  private let folder: String
  private let interruption: Interruption
  private let report: RunEventHandler

  /// - Parameters:
  ///   - run: directory of a finished run.
  ///   - model: path of the new model.
  ///   - nearest: models of the run that are compared exactly.
  ///   - workers: worker processes on this machine.
  ///   - memoryBytes: of each worker.
  ///   - folder: for stores and the small recovery; the caller removes it.
  ///   - interruption: ends the query early.
  ///   - report: receives what happens, on the thread that it happens on.
  package init(
    run: String, model: String, nearest: Int, workers: Int, memoryBytes: Int, folder: String,
    interruption: Interruption, report: @escaping RunEventHandler
  ) {
    self.run = run
    self.model = model
    self.nearest = nearest
    self.workers = workers
    self.memoryBytes = memoryBytes
    self.folder = folder
    self.interruption = interruption
    self.report = report
  }

  package func answer() throws(Failure) -> QueryAnswer {
    let finished = try FinishedRun(path: run)
    guard !finished.isSectioned else {
      throw .usage(
        "'\(run.printable)' compared only some of its pairs of models, but 'query' needs a run that compared all of them",
        advice:
          "scan its fingerprints: modeltree scan \(model.printable) --registry DIR (\(RunDirectory.registryName)/ in the run directory, unless another one was named)"
      )
    }
    guard !finished.hasWidths else {
      throw .usage(
        "'\(run.printable)' has models that were compared with parts of wider ones, which 'query' cannot do",
        advice: "recover all of them with the new model: what is finished is not computed again")
    }
    let (plan, journal) = try recordedPlan(finished)
    let new = try newModel()
    let search = try search(plan, journal, new)
    let ids = plan.models.map(\.id)
    var answer = QueryAnswer(
      model: new.path, nearestRead: 0, models: ids.count, sampledWeights: search.weightsRead)
    let chosen = candidates(search, finished)
    answer.nearestRead = chosen.count
    guard !chosen.isEmpty else { return answer }
    let (lineage, number) = try compare(chosen.map { plan.models[$0] }, new, finished)
    describe(&answer, lineage, number, chosen, search, ids)
    guard !lineage.unusable.models.contains(number) else {
      throw .badInput(
        "'\(new.path.printable)' holds NaN or infinite weights: it cannot be placed",
        advice: "download the model again, or fix its weights")
    }
    try place(&answer, lineage, number, chosen, finished, ids)
    return answer
  }

  /// The plan of the run, made again from the headers of its models.
  private func recordedPlan(_ finished: FinishedRun) throws(Failure) -> (Plan, Journal) {
    try RunFiles.require(run)
    let path = "\(run)/journal.sqlite"
    let journal = try Journal(reading: path)
    let invocation = try RunFiles.invocation(path)
    let collection = try CollectionLoader(stores: "\(folder)/stores", mode: .places).load(invocation.inputs)
    let byPath = Dictionary(
      zip(collection.models, collection.alignment).map { ($0.path, ($0, $1)) }, uniquingKeysWith: { first, _ in first })
    var records: [ModelRecord] = []
    var alignment: [AlignmentMap] = []
    for known in finished.record.models {
      guard let (found, map) = byPath[known.path] else {
        throw .badInput(
          "the model '\(known.id.printable)' of the run is not at '\(known.path.printable)' any more",
          advice: "put it back, or recover the collection again")
      }
      var record = found
      record.id = known.id
      records.append(record)
      alignment.append(map)
    }
    let plan = Plan(
      models: records, alignment: alignment, statistics: invocation.lineage.metric.statistics)
    let identity = RunIdentity(
      plan: plan, statistics: invocation.lineage.metric.statistics,
      samples: try WeightSample.fingerprints(of: plan.models))
    let recorded = try RunIdentity(recordedIn: journal)
    guard let recorded, recorded == identity else {
      let differences = recorded.map { identity.differences(from: $0) } ?? []
      throw .badInput(
        "the models of '\(run.printable)' have changed since it finished:\(differences.prefix(4).map { "\n  \($0)" }.joined())",
        advice: "recover the collection again")
    }
    return (plan, journal)
  }

  private func newModel() throws(Failure) -> ModelRecord {
    let collection = try CollectionLoader(stores: "\(folder)/new", mode: .places).load([model])
    guard let record = collection.models.first, collection.models.count == 1 else {
      throw .usage(
        "'\(model.printable)' holds \(collection.models.count) models, 'query' takes one",
        advice: "name one of them, or recover the collection again with all of them")
    }
    return record
  }

  private func search(_ plan: Plan, _ journal: Journal, _ new: ModelRecord) throws(Failure) -> SampleSearch {
    // Which of its tensors are the run's is found out with all models together.
    let invocation = try RunFiles.invocation("\(run)/journal.sqlite")
    let together = try CollectionLoader(stores: "\(folder)/together", mode: .places).load(
      invocation.inputs + [new.path])
    let byPath = Dictionary(
      zip(together.models, together.alignment).map { ($0.path, ($0, $1)) }, uniquingKeysWith: { first, _ in first })
    let members = (plan.models.map(\.path) + [new.path]).compactMap { byPath[$0] }
    guard let own = members.last, members.count == plan.models.count + 1 else {
      return try SampleSearch(
        plan, TensorStatistics(plan) { id throws(Failure) in try journal.partial(of: id) }
      ) { _, _ in nil }
    }
    let joint = Plan(models: members.map(\.0), alignment: members.map(\.1), statistics: [])
    struct Key: Hashable {
      var name: String
      var shape: TensorShape
    }
    let stored = Dictionary(own.0.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var shared: [Key: StoredTensor] = [:]
    for tensor in joint.tensors {
      guard let copy = tensor.copies.last, copy.model == plan.models.count else { continue }
      shared[Key(name: tensor.name, shape: tensor.shape)] = stored[copy.name]
    }
    return try SampleSearch(
      plan, TensorStatistics(plan) { id throws(Failure) in try journal.partial(of: id) }
    ) { tensor, place throws(Failure) in
      guard let own = shared[Key(name: tensor.name, shape: tensor.shape)] else { return nil }
      return try own.weights(rows: place.rows, columns: place.columns)
    }
  }

  /// The nearest by samples, and in the tree the parents and children of the very nearest.
  private func candidates(_ search: SampleSearch, _ finished: FinishedRun) -> [Int] {
    var chosen = search.matches.prefix(nearest).map(\.model)
    for near in chosen.prefix(2) {
      for edge in finished.graph.treeEdges where edge.source == near || edge.target == near {
        let other = edge.source == near ? edge.target : edge.source
        // Inferred ancestors have no weights to compare.
        guard !finished.graph.nodes[other].isInferred, !chosen.contains(other), chosen.count < nearest + 8
        else { continue }
        chosen.append(other)
      }
    }
    return chosen.sorted()
  }

  /// A recovery of the candidates and the new model, which comes last.
  private func compare(_ models: [ModelRecord], _ new: ModelRecord, _ finished: FinishedRun)
    throws(Failure) -> (Lineage, Int)
  {
    let recorded = try RunFiles.invocation("\(run)/journal.sqlite")
    var options = recorded.lineage
    options.families = nil
    let invocation = Invocation(
      inputs: models.map(\.path) + [new.path], lineage: options, align: recorded.align ?? true)
    let directory = try RunDirectory(path: "\(folder)/run", redo: false)
    let local = LocalWorkers.Options(count: workers, memoryBytes: memoryBytes, logPath: directory.log)
    let pool = try ShardPool(
      .local(local), interruption: interruption, logger: directory.logger, report: report)
    let (plan, lineage, _) = try Recovery(
      invocation, directory: directory, pool: pool, mayChangeModels: false, report: report
    ).solve(check: { plan throws(Failure) in
      guard plan.isWhole else {
        throw Failure.usage(
          "'\(model.printable)' and models of the run differ in width, and one is a part of the other, which 'query' cannot compare",
          advice: "recover all of them with the new model: what is finished is not computed again")
      }
    })
    guard plan.models.count == models.count + 1 else {
      throw .badInput(
        "'\(model.printable)' is one of the run's own models, or some of these cannot be read any more",
        advice: "'modeltree why' answers for models of the run")
    }
    return (lineage, models.count)
  }

  private func describe(
    _ answer: inout QueryAnswer, _ lineage: Lineage, _ number: Int, _ chosen: [Int],
    _ search: SampleSearch, _ ids: [String]
  ) {
    let sampled = Dictionary(
      search.matches.map { ($0.model, $0.ratio) }, uniquingKeysWith: { first, _ in first })
    for (place, model) in chosen.enumerated() {
      let distance = lineage.distances[place, number]
      answer.candidates.append(
        .init(
          id: ids[model], distance: distance.isFinite ? distance : nil,
          relatedness: lineage.relatedness[place, number].isFinite ? lineage.relatedness[place, number] : nil,
          sampledRelatedness: sampled[model], evidence: lineage.evidence[place, number],
          related: lineage.families[place] == lineage.families[number]))
    }
    answer.candidates.sort { ($0.distance ?? .infinity, $0.id) < ($1.distance ?? .infinity, $1.id) }
    let read = Set(chosen)
    answer.nearestUnread = search.matches.first { !read.contains($0.model) }?.ratio
  }

  private func place(
    _ answer: inout QueryAnswer, _ lineage: Lineage, _ number: Int, _ chosen: [Int],
    _ finished: FinishedRun, _ ids: [String]
  ) throws(Failure) {
    let related = chosen.indices.filter { lineage.families[$0] == lineage.families[number] }
    let near = related.min {
      (lineage.distances[$0, number], $0) < (lineage.distances[$1, number], $1)
    }
    guard let near else { return }
    let family = finished.graph.nodes[chosen[near]].family
    answer.families = Set(related.map { finished.graph.nodes[chosen[$0]].family }).sorted()
    if let first = lineage.duplicateOf[number] {
      answer.duplicateOf = ids[chosen[first]]
      answer.parent = answer.duplicateOf
      answer.relation = Relation.duplicate.name
      return
    }
    let members = finished.graph.nodes.indices.filter { finished.graph.nodes[$0].family == family }
    // What an edge costs beside its distance is counted in mean distances of the family.
    let compared = lineage.families.indices.filter { lineage.families[$0] == lineage.families[number] }
    let mean = Cost.mean(lineage.distances.submatrix(compared))
    let scale = mean > 0 ? Cost.mean(try finished.distances().submatrix(members)) / mean : 1
    var down: [Int: Double] = [:]
    var up: [Int: Double] = [:]
    for place in related {
      let distance = lineage.distances[place, number]
      down[chosen[place]] = distance + scale * (lineage.cost[place, number] - distance)
      up[chosen[place]] = distance + scale * (lineage.cost[number, place] - distance)
    }
    guard let found = try Placement(finished, family: family, down: down, up: up) else { return }
    answer.parent = found.parent.map { ids[$0] }
    answer.children = found.children.map { ids[$0] }
    answer.isRoot = found.parent == nil
    if let merge = lineage.merges.first(where: { $0.child == number }) {
      answer.mixture = zip(merge.parents, merge.shares).map { .init(id: ids[chosen[$0]], share: $1) }
      answer.relation = Relation.merge.name
    } else if let parent = found.parent, let place = chosen.firstIndex(of: parent),
      lineage.parents[number] == place, let relation = lineage.relations[number]
    {
      answer.relation = relation.name
      answer.rank = relation.rank
      answer.support = lineage.support[number]
      answer.directionSupport = lineage.directionSupport[number]
    }
  }
}
