package import System

/// What the shell around the scheduler feeds in, and what it carries out.
extension Scheduler {
  package enum Event: Sendable {
    /// - Parameters:
    ///   - origin: the process behind the worker; empty when it is not known.
    ///   - slots: tasks that it computes at the same time; what it holds beyond that waits.
    ///   - party: who answers for it; nil for the coordinator's own workers, which are trusted.
    case joined(WorkerID, origin: String = "", slots: Int = 1, party: Party? = nil)
    /// The worker takes so many more tasks.
    case ready(WorkerID, credit: Int)
    /// - Parameter digest: stands for every bit of the answer.
    case done(WorkerID, Lease, digest: SHA256.Digest = .init())
    case failed(WorkerID, Lease, reason: String)
    /// The worker's host does not see what the task needs, nor what these groups of tasks of the
    /// same job need: it is not given any of them again, and nothing is held against the task.
    case outOfReach(WorkerID, Lease, groups: Set<Int>)
    /// The task could not be sent to the worker, which is given no more until it asks again.
    case undelivered(WorkerID, Lease)
    /// Anything was heard of the worker.
    case heard(WorkerID)
    /// The worker goes of its own will, starts anew or was thrown out: its tasks are as good as new.
    case left(WorkerID)
    /// The worker's process or connection has ended: perhaps it was a task that killed it.
    case died(WorkerID)
    case tick
  }

  package enum Action: Sendable, Equatable {
    case assign(Lease, to: WorkerID)
    /// The worker is to drop the task, which waits in its queue: an idle one gets it.
    case revoke(Lease, from: WorkerID)
    /// The answer to this lease counts: record it. Comes once per task.
    case accept(Lease, from: WorkerID)
    /// A first answer that waits for a second opinion: keep it.
    case hold(Lease, from: WorkerID)
    /// The answer to a lease that another worker was faster on, or that was taken back.
    case ignore(Lease, from: WorkerID)
    /// The worker was silent for too long: forget it.
    case drop(WorkerID)
    /// The worker answered what it was never asked: throw it out and say so.
    case refuse(WorkerID, Lease)
    /// Workers gave other sums than two who agree.
    case dispute(TaskID, dissenters: [String])
    /// The task failed too often: the run cannot become whole.
    case setAside(TaskID, reasons: [String])
    /// Every task of the job is done or set aside.
    case finish(JobID)
  }
}

extension Scheduler.Event {
  var sender: WorkerID? {
    switch self {
    case .joined(let id, _, _, _), .ready(let id, _), .done(let id, _, _), .failed(let id, _, _),
      .outOfReach(let id, _, _), .heard(let id):
      id
    case .undelivered, .left, .died, .tick: nil
    }
  }

  /// Can it make an assignment possible? A thousand workers that wait say every second that they live.
  var changesWork: Bool {
    switch self {
    case .heard, .tick: false
    default: true
    }
  }
}
