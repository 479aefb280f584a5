internal import Checkpoints
internal import Core
internal import Journal
internal import Logging
internal import Planning
internal import Scheduling
internal import System
internal import Transport
internal import Wire

/// What the scheduler decides, carried out.
extension ServingLoop {
  /// Hands an event to the scheduler and carries out what it decides.
  ///
  /// - Parameter answer: what came in with a `done`.
  func apply(_ event: Scheduler.Event, answer: Journal.Entry? = nil) {
    for action in scheduler.handle(event, at: clock.now) {
      switch action {
      case .assign(let lease, let id):
        assign(lease, to: id)
      case .revoke(let lease, let id):
        guard let peer = peers[id] else { continue }
        let (job, place) = (owner(of: lease.task), scheduler.place(of: lease.task))
        let id = AssignmentID(
          run: job.run, shard: job.shard(place.root).id, part: place.part.named, attempt: lease.attempt)
        socket.send([peer.identity, CoordinatorMessage.revoke(id).encoded()])
      case .accept(let lease, _):
        observer.accepted(ByteTotal(clamping: answer?.bytesRead ?? 0))
        owner(of: lease.task).accept(lease, of: scheduler.place(of: lease.task), answer)
      case .hold(let lease, _):
        owner(of: lease.task).hold(lease, of: scheduler.place(of: lease.task), answer)
      case .ignore(let lease, let id):
        logger.info(
          "a second answer",
          metadata: ["shard.id": "\(shard(of: lease.task))", "worker": "\(id)"])
      case .drop(let id):
        let label = peers[id]?.label ?? "\(id)"
        logger.warning("a worker fell silent", metadata: ["worker.id": "\(label)"])
        observer.failed(label, nil, nil, "fell silent")
        remove(id)
      case .refuse(let id, _):
        guard let peer = peers[id] else { continue }
        expel(peer.identity, "it answered for a shard that it was never given")
      case .dispute(let task, let dissenters):
        logger.error(
          "workers disagree",
          metadata: ["shard.id": "\(shard(of: task))", "workers": "\(dissenters)"])
        owner(of: task).dispute(scheduler.root(of: task), dissenters)
      case .setAside(let task, let reasons):
        logger.error("a shard is set aside", metadata: ["shard.id": "\(shard(of: task))"])
        owner(of: task).setAside(task, reasons)
      case .finish(let id):
        jobs[id.value].isComplete = true
      }
    }
  }

  private func owner(of task: TaskID) -> ServedJob { jobs[scheduler.job(of: task).value] }

  /// That the task is, or is part of.
  private func shard(of task: TaskID) -> ShardID {
    owner(of: task).tasks.shard(of: scheduler.root(of: task))
  }

  private func assign(_ lease: Lease, to id: WorkerID) {
    guard let peer = peers[id] else { return apply(.left(id)) }
    let job = owner(of: lease.task)
    var isSent = true
    if opened[id, default: []].insert(job.id).inserted {
      let run = CoordinatorMessage.Run(run: job.run, stores: job.work.plan.models.map(\.store))
      isSent = socket.send([peer.identity, CoordinatorMessage.open(run).encoded()])
    }
    guard isSent,
      socket.send([
        peer.identity, CoordinatorMessage.assign(job.assignment(lease, of: scheduler.place(of: lease.task))).encoded(),
      ])
    else { return lose(peer, .left(id)) }
  }
}
