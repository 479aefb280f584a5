internal import Checkpoints
internal import Core
internal import Glibc
internal import Journal
internal import Monitoring
internal import Planning
internal import Scheduling
internal import Storage
internal import System
internal import Wire

/// One run in the hands of the serving thread: what came in, what is durable, what went wrong.
final class ServedJob {
  /// Its shards as the scheduler numbers them.
  let tasks: JobTasks
  let work: ShardWork
  /// The run's name on the wire. Another one for every session: answers that are older than a restart
  /// are no answers to it.
  let run: String
  let bytes: Int
  private let promise: Promise<ShardWork.Report>

  /// Accepted, and not yet durable.
  private var unrecorded: [Journal.Entry] = []
  private var unrecordedBytes = 0
  /// First answers that wait for a second opinion.
  private var held: [Lease: Held] = [:]
  /// Finished parts of shards that are not whole yet.
  private var open: [ShardID: OpenShard] = [:]
  private(set) var setAside: [String] = []
  private(set) var disputes: [String] = []
  /// Of finished shards, in earlier sessions too.
  private(set) var bytesDone: Int
  var state = PoolStatus.State.comparing
  var tree: JobStatus.PartialTree?
  /// The error that ended the run, here or later.
  var failure: String?
  /// Has the scheduler nothing more to do for it?
  var isComplete = false
  private(set) var hasEnded = false
  private let began = ServedJob.threadSeconds

  init(_ work: ShardWork, _ tasks: JobTasks, promise: Promise<ShardWork.Report>) {
    self.tasks = tasks
    self.work = work
    self.promise = promise
    run = "\(work.run)-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
    let sizes = work.plan.shards.map(work.plan.bytes(of:))
    bytes = sizes.reduce(0, +)
    bytesDone = zip(work.plan.shards, sizes).reduce(0) { work.done.contains($1.0.id) ? $0 + $1.1 : $0 }
  }

  var id: JobID { tasks.job }

  /// A first answer, to part of a shard that is this task.
  private struct Held {
    var root: TaskID
    var entry: Journal.Entry
  }

  /// A shard of which parts are finished, and what these took.
  private struct OpenShard {
    var parts = FinishedParts<Partial>()
    var seconds = 0.0
    var bytesRead = 0
  }

  /// - Parameter task: a whole shard, as a task.
  func shard(_ task: TaskID) -> Shard { work.plan.shards[tasks.shard(of: task).value] }

  /// How the shards of a plan can be shared.
  static func sharing(_ plan: Plan) -> Sharing {
    Sharing(
      shards: plan.shards.map {
        .init(pieces: $0.pieces, sumBytes: plan.sumBytes(of: $0), sharedBytes: plan.sampleBytes(of: $0))
      }, mostBytes: plan.partsBytes)
  }

  func tensor(of shard: Shard) -> PlannedTensor { work.plan.tensors[shard.tensor] }

  // MARK: Answers

  /// - Parameters:
  ///   - lease: that was answered.
  ///   - place: the shard's task, and the part of it.
  func accept(_ lease: Lease, of place: TaskPlace, _ answer: Journal.Entry?) {
    guard let entry = held.removeValue(forKey: lease)?.entry ?? answer else { return }
    held = held.filter { $0.key.task != lease.task }
    let shard = shard(place.root)
    guard let whole = place.part.isWhole ? entry : joined(entry, place) else { return }
    close(place.root)
    unrecorded.append(whole)
    unrecordedBytes += whole.partial.count
    bytesDone += work.plan.bytes(of: shard)
  }

  /// Adds the sums of a part to those of others. What no weights have, though each part may be some's, is set aside.
  ///
  /// - Returns: what the journal keeps of the shard, if it is whole now.
  private func joined(_ entry: Journal.Entry, _ place: TaskPlace) -> Journal.Entry? {
    let (shard, part) = (shard(place.root), place.part)
    // It was looked at when it came.
    guard let sums = try? PartialCodec.decode(entry.partial, as: work.plan.schema(of: shard, part)) else { return nil }
    open[shard.id, default: OpenShard()].seconds += entry.seconds
    open[shard.id]?.bytesRead += entry.bytesRead
    guard let whole = open[shard.id]?.parts.add(sums, of: part, join: { $0.join($1) }), let done = open[shard.id]
    else { return nil }
    let bytes = PartialCodec.encode(whole)
    if case .refused(let reason) = verdict(on: bytes, shard, shard.whole) {
      setAside(place.root, ["what workers sent of its parts adds up to \(reason)"])
      return nil
    }
    var entry = entry
    (entry.partial, entry.seconds, entry.bytesRead) = (bytes, done.seconds, done.bytesRead)
    return entry
  }

  func hold(_ lease: Lease, of place: TaskPlace, _ answer: Journal.Entry?) {
    held[lease] = answer.map { Held(root: place.root, entry: $0) }
  }

  /// Forgets what came of parts of a shard that needs no more of them.
  private func close(_ root: TaskID) {
    if !held.isEmpty { held = held.filter { $0.value.root != root } }
    open[shard(root).id] = nil
  }

  func dispute(_ task: TaskID, _ dissenters: [String]) {
    disputes.append(
      "shard \(describe(task)): other sums than two workers agree on came from \(dissenters.joined(separator: ", "))")
  }

  func setAside(_ task: TaskID, _ reasons: [String]) {
    close(task)
    setAside.append(
      "shard \(describe(task)):\n    " + reasons.map(\.printable).joined(separator: "\n    "))
  }

  /// What came of looking at an encoded partial.
  enum Verdict {
    /// It may be a worker's honest answer.
    case credible
    case refused(String)
  }

  func verdict(on bytes: [UInt8], _ shard: Shard, _ part: ShardPart) -> Verdict {
    let schema = work.plan.schema(of: shard, part)
    do {
      try PartialCodec.check(bytes, as: schema)
      let fault = PartialCodec.impossibility(
        in: bytes, as: schema, coordinates: work.plan.coordinates(of: shard, part).count,
        columns: tensor(of: shard).shape.columns)
      return fault.map { .refused($0) } ?? .credible
    } catch {
      return .refused("\(error)")
    }
  }

  var hasUnrecorded: Bool { !unrecorded.isEmpty }

  /// Is it time to make durable what came in, though more may come?
  var mustRecord: Bool { !hasEnded && (isComplete || unrecordedBytes > ShardWork.mostUnrecordedBytes) }

  /// Makes durable what came in.
  func record() throws(Failure) {
    guard !unrecorded.isEmpty else { return }
    try work.journal.record(unrecorded)
    unrecorded = []
    unrecordedBytes = 0
  }

  // MARK: The end

  /// Processor time of this thread so far.
  private static var threadSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  func end(_ result: Result<ShardWork.Outcome, Failure>) {
    guard !hasEnded else { return }
    hasEnded = true
    // The job stays in sight, and these may be large.
    (open, held, unrecorded, unrecordedBytes) = ([:], [:], [], 0)
    let seconds = Self.threadSeconds - began
    promise.fulfil(result.map { ShardWork.Report(outcome: $0, disputes: disputes, servingSeconds: seconds) })
  }

  /// What the workers made of it.
  var outcome: ShardWork.Outcome { setAside.isEmpty ? .finished : .incomplete(reasons: setAside) }

  // MARK: For people and for workers

  /// Number, tensor and files of a shard, for people.
  func describe(_ task: TaskID) -> String {
    let shard = shard(task)
    let tensor = tensor(of: shard)
    let files = tensor.copies.prefix(3).map { copy in
      let model = work.plan.models[copy.model]
      let file = model.tensors.first { $0.name == copy.name }?.files.first ?? model.path
      return "'\(file.printable)'"
    }
    let more = tensor.copies.count > 3 ? " and \(tensor.copies.count - 3) more" : ""
    return "\(shard.id) of tensor '\(tensor.name.printable)' (in \(files.joined(separator: ", "))\(more))"
  }

  /// Tensors of which some model keeps its weights, or its store, in the file.
  func tensors(in file: String) -> Set<Int> {
    let models = work.plan.models.map { model in
      model.store == file
        ? nil : Set(model.tensors.filter { $0.files.contains(file) }.map { ByteString($0.name) })
    }
    return Set(
      work.plan.tensors.indices.filter { index in
        work.plan.tensors[index].copies.contains { copy in
          guard let names = models[copy.model] else { return true }
          return names.contains(ByteString(copy.name))
        }
      })
  }

  /// Does this host see the file as it was imported? What is not right here either is no fault of a
  /// worker's host.
  func isSound(_ file: String) -> Bool {
    var isKnown = false
    for model in work.plan.models {
      if model.store == file {
        guard access(file, R_OK) == 0 else { return false }
        isKnown = true
      }
      for source in model.sources where source.path == file {
        guard (try? source.verify(model: model.id)) != nil else { return false }
        isKnown = true
      }
    }
    return isKnown
  }

  func assignment(_ lease: Lease, of place: TaskPlace) -> CoordinatorMessage.Assignment {
    let shard = shard(place.root)
    let tensor = tensor(of: shard)
    return CoordinatorMessage.Assignment(
      run: run, shard: shard.id, attempt: lease.attempt, shape: tensor.shape, firstRow: tensor.firstRow,
      coordinates: shard.coordinates, statistics: tensor.statistics, samples: shard.samples,
      spectrum: shard.spectrum, sketch: tensor.sketch, part: place.part.named,
      sources: tensor.namesakes.map { .init(tensor: $0.name, models: $0.models) })
  }

  /// The largest answer that one of its shards can have, in bytes.
  static func largestAnswer(_ plan: Plan) -> Int {
    plan.shards.map { PartialCodec.encodedBytes(of: plan.schema(of: $0)) }.max() ?? 0
  }
}
