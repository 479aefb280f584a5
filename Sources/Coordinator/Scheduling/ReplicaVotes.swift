internal import System

/// The answers to a task that is computed twice: who said what.
struct ReplicaVotes: Sendable, Equatable {
  struct Opinion: Sendable, Equatable {
    let worker: WorkerID
    /// The process behind the worker, which may have joined several times.
    let origin: String
    let lease: Lease
    /// Stands for every bit of the answer.
    let digest: SHA256.Digest
  }

  enum Verdict: Equatable {
    /// Somebody else must compute the task once more.
    case open
    /// Two processes agree. Those who said otherwise are named.
    case agreed(Lease, dissenters: [Opinion])
    /// Three answers, and no two processes agree.
    case hopeless
  }

  private(set) var all: [Opinion] = []

  /// A task is computed at most so often to settle what its sums are.
  private static let most = 3

  mutating func add(_ opinion: Opinion) { all.append(opinion) }

  func includes(_ origin: String) -> Bool { all.contains { $0.origin == origin } }

  /// Two answers that differ: whoever is there may settle it, if nobody new is.
  var isDisputed: Bool { all.count > 1 }

  var verdict: Verdict {
    for (index, opinion) in all.enumerated() {
      let agrees = all[(index + 1)...].contains {
        $0.digest == opinion.digest && $0.origin != opinion.origin
      }
      if agrees {
        return .agreed(opinion.lease, dissenters: all.filter { $0.digest != opinion.digest })
      }
    }
    return all.count < Self.most ? .open : .hopeless
  }
}
