internal import Core

/// How much of what is left a worker gets, where shards can be shared.
///
/// While there is much to do, workers get whole shards: each answer costs the network and the coordinator as much,
/// however small its part is. What is handed out falls with what is left for each worker, and with the worker's pace; and
/// when nothing is left, those who are idle compute what others would be the last to finish.
extension Scheduler {
  /// Workers' pieces per second, as last looked at.
  struct Rates: Sendable {
    var median: Double
    var until: Duration
  }

  /// Of what is left for a worker, so much is handed out to it.
  private static let portion = 0.5
  /// Of the median worker's pace, what a newcomer is taken to have.
  private static let newcomerRate = 0.25
  /// Pieces that a worker gets while nobody knows how fast it is.
  private static let newcomerPieces = 2.0
  /// Of the median worker's pace, what is believed at most.
  private static let highestRate = 4.0
  private static let rateInterval = Duration.milliseconds(100)
  /// When nobody could help anybody, it is looked again after so long.
  static let helpInterval = Duration.milliseconds(50)

  /// How many pieces of the job the worker may be given now; nil for as many as there are, 0 for none.
  mutating func share(of worker: Worker, in index: Int, at now: Duration) -> Int? {
    guard jobs[index].isDivisible else { return nil }
    let isIdle = worker.leases.count < worker.slots
    let open = max(1, jobs.count { !$0.isFinished })
    let left = Self.portion * Double(jobs[index].pending * open) / Double(max(1, workers.count))
    let rate = relativeRate(of: worker, at: now)
    let budget = rate.map { left * $0 } ?? min(2 * Self.newcomerPieces, left * Self.newcomerRate)
    // One that is computed, and one that waits.
    guard worker.leases.count < 2 * worker.slots else { return 0 }
    return max(isIdle ? 1 : 0, Int(budget / Double(2 * worker.slots)))
  }

  /// The worker's pace, of the median worker's; nil before its first answer.
  private mutating func relativeRate(of worker: Worker, at now: Duration) -> Double? {
    guard let median = medianRate(at: now), let pace = worker.standing.secondsPerPiece else { return nil }
    return min(Self.highestRate, 1 / max(pace * median, .leastNormalMagnitude))
  }

  /// Pieces per second; nil before the first answer.
  private mutating func medianRate(at now: Duration) -> Double? {
    if let rates, now < rates.until { return rates.median }
    let known = workers.values.compactMap { $0.standing.secondsPerPiece.map { 1 / max($0, 1e-9) } }.sorted()
    guard !known.isEmpty else { return nil }
    rates = Rates(median: known[known.count / 2], until: now + Self.rateInterval)
    return rates?.median
  }

  /// Has the worker so much to do that it gets nothing of any job, until it has done some of it?
  mutating func isSated(_ worker: Worker, at now: Duration) -> Bool {
    guard worker.leases.count >= worker.slots else { return false }
    return jobs.indices.allSatisfy { jobs[$0].isFinished || share(of: worker, in: $0, at: now) == 0 }
  }

  /// Gives the idle, the fastest first, what others would be the last to finish, where they are through with it in half
  /// of the time: a part of it where it can be split, and the rest waits for whoever comes.
  mutating func help(at now: Duration) -> [Action] {
    guard now >= nextHelp, jobs.contains(where: { $0.isDivisible && !$0.isFinished && $0.leased > 0 }) else {
      return []
    }
    nextHelp = now + Self.helpInterval
    let idle = idle(at: now)
    guard let fastest = idle.first?.pace, let median = medianRate(at: now) else { return [] }
    var left: [TaskID: Double] = [:]
    for other in workers.values where !other.leases.isEmpty {
      let pace = other.standing.secondsPerPiece ?? 1 / (Self.newcomerRate * median)
      // Whoever is through with it first counts.
      for (task, own) in remaining(of: other, pace: pace, at: now) { left[task] = min(own, left[task] ?? .infinity) }
    }
    var late = left.filter { $0.value > 2 * fastest && isShareable($0.key) }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    var actions: [Action] = []
    for (id, pace) in idle {
      guard let worker = workers[id], worker.wantsMore,
        let place = late.firstIndex(where: { mayHelp(worker, id, with: $0.key) })
      else { continue }
      let (task, left) = late[place]
      guard left > 2 * pace else { continue }
      let pieces = Int(min(Double(ShardPart.mostPieces), max(1, left / (2 * max(pace, 1e-9)))))
      let chosen: TaskID
      if weight(of: task) > pieces, !isConfirmed(task), let own = split(task) {
        returned.append(own.left)
        isGivenAnew()
        chosen = cut(own.right, to: pieces)
      } else {
        guard Double(weight(of: task)) * pace < left else { continue }
        chosen = task
      }
      late.remove(at: place)
      actions.append(.assign(hand(chosen, to: id, at: now), to: id))
    }
    return actions
  }

  /// The idle workers that have shown that they compute, and the seconds that each takes for a piece; the fastest first.
  private func idle(at now: Duration) -> [(WorkerID, pace: Double)] {
    let idle = waiting.compactMap { id -> (WorkerID, pace: Double)? in
      guard let worker = workers[id], worker.leases.count < worker.slots, isProven(worker), mayTake(worker, at: now),
        !computesAlone(worker), let seconds = worker.standing.secondsPerPiece
      else { return nil }
      return (id, seconds * Double(worker.slots))
    }
    return idle.sorted { ($0.pace, $0.0) < ($1.pace, $1.0) }
  }

  /// Seconds until the worker is through with each task that it holds, as far as one knows.
  private func remaining(of worker: Worker, pace: Double, at now: Duration) -> [(TaskID, Double)] {
    let queue = worker.leases.sorted { ($0.value, $0.key.task) < ($1.value, $1.key.task) }
    let begun = max(worker.standing.progressed, queue.first?.value ?? now)
    let passed = (now - begun) / .seconds(1)
    var pieces = 0
    return queue.map { lease, _ in
      let own = weight(of: lease.task)
      pieces += own
      let expected = pace * Double(max(pieces, own * worker.slots))
      // One that takes twice as long as it should may be dead.
      return (lease.task, passed > 2 * expected ? 2 * passed : max(expected - passed, expected / 4))
    }
  }

  /// Is the task one that idle workers may help with? What has failed is not.
  func isShareable(_ task: TaskID) -> Bool {
    part(of: task).pieces > 1 && halves[task] == nil && reasons[task] == nil && !suspects.contains(task)
      && blamed[root(of: task)] == nil
  }

  /// Must, or may, two workers agree on the task? Then whoever helps gives a second opinion on all of it.
  private func isConfirmed(_ task: TaskID) -> Bool {
    isVerified(task) || isSampled(task, share: limits.verifiedElsewhere)
  }

  private func mayHelp(_ worker: Worker, _ id: WorkerID, with task: TaskID) -> Bool {
    holders[task]?.contains(id) == false && mayCompute(task, worker)
  }
}
