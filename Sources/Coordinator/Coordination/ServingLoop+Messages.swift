internal import Core
internal import Journal
internal import Logging
internal import Planning
internal import Scheduling
internal import System
internal import Transport
internal import Wire

/// What peers say, and what follows from it.
extension ServingLoop {
  func receive(_ message: Socket.Message) {
    let frames = message.frames
    let identity = frames[0]
    guard !peers.isBanned(identity) else { return }
    guard peers.hears(identity, at: clock.now) else {
      return expel(identity, "it floods the coordinator with messages")
    }
    guard door.isOpen(to: message.key) else { return expel(identity, "its key was revoked") }
    guard frames.count == 2 || frames.count == 3 else {
      return expel(identity, "it sent a message of \(frames.count - 1) frames")
    }
    let report: WorkerMessage
    do {
      report = try WorkerMessage(decoding: frames[1])
    } catch {
      return expel(identity, "it sent \(error)")
    }
    switch report {
    case .hello(let hello): return welcome(hello, identity, message.key)
    case .ask:
      let json = observer.json(jobs, scheduler, peers, door, at: clock.now)
      socket.send([identity, CoordinatorMessage.status(json).encoded()])
      return
    default: break
    }
    guard let peer = peers[identity] else {
      // A worker that was given up or that an earlier coordinator knew, unless it just leaves.
      if report != .goodbye, peers.mayAsk(identity, at: clock.now) {
        socket.send([identity, CoordinatorMessage.whoAreYou.encoded()])
      }
      return
    }
    receive(report, frames, from: peer)
  }

  private func receive(_ report: WorkerMessage, _ frames: [[UInt8]], from peer: Peers.Peer) {
    switch report {
    case .hello, .ask: break
    case .ready(let credit): apply(.ready(peer.id, credit: credit))
    case .done(let receipt): done(receipt, frames, peer)
    case .failed(let failure): failed(failure, peer)
    case .heartbeat(let beat):
      observer.heard(beat, from: peer.id, at: clock.now)
      apply(.heard(peer.id))
    case .goodbye: forget(peer.id, .left(peer.id))
    }
  }

  private func welcome(_ hello: WorkerMessage.Hello, _ identity: Peers.Identity, _ key: PublicKey?) {
    let refusal: String? =
      if hello.protocolVersion != WireProtocol.version {
        "it speaks protocol \(hello.protocolVersion), the coordinator \(WireProtocol.version); install the same version on both"
      } else if hello.software != Version.software {
        "it is modeltree-worker \(hello.software), the coordinator \(Version.software); install the same version on both"
      } else if peers.count >= Peers.most {
        "\(Peers.most) workers are connected already"
      } else {
        nil
      }
    if let refusal {
      door.tell(
        "refused a worker",
        ["worker.id": "\(hello.host.printable)", "reason": "\(refusal.printable)"], at: clock.now)
      socket.send([identity, CoordinatorMessage.reject(reason: refusal).encoded()])
      return
    }
    if let former = peers[identity] { forget(former.id, .left(former.id)) }
    let peer = peers.add(hello, identity: identity, key: key)
    logger.info(
      "a worker joined",
      metadata: [
        "worker.id": "\(peer.label)", "threads": "\(hello.threads)",
        "memory": "\(ByteCount(bytes: hello.memoryBytes))", "kernels": "\(hello.instructionSet.printable)",
        "key": "\(door.name(of: key)?.printable ?? "none")",
      ])
    apply(.joined(peer.id, origin: peer.label, slots: hello.threads))
    socket.send([identity, CoordinatorMessage.welcome.encoded()])
  }

  /// The run that a worker speaks of; nil when it has ended, or is one of an earlier session.
  private func job(_ run: String) -> ServedJob? { jobs.first { $0.run == run && !$0.hasEnded } }

  private func lease(_ shard: ShardID, _ attempt: Int, of job: ServedJob) -> Lease {
    Lease(shard: ShardID(job.first + shard.value), attempt: attempt)
  }

  private func done(_ receipt: WorkerMessage.Receipt, _ frames: [[UInt8]], _ peer: Peers.Peer) {
    guard let job = job(receipt.run) else { return }
    let shards = job.work.plan.shards
    guard shards.indices.contains(receipt.shard.value), frames.count == 3 else {
      return expel(peer.identity, "it answered for shard \(receipt.shard) without its sums")
    }
    let digest: UInt64
    switch job.verdict(on: frames[2], shards[receipt.shard.value]) {
    case .credible(let checksum): digest = checksum
    case .refused(let reason):
      return expel(peer.identity, "its answer for shard \(receipt.shard) is \(reason)")
    }
    answer = Journal.Entry(
      shard: receipt.shard, attempt: receipt.attempt, worker: peer.label, seconds: receipt.seconds,
      bytesRead: receipt.bytesRead, partial: frames[2])
    peers.values(peer.identity)
    observer.answered(peer.id)
    apply(.done(peer.id, lease(receipt.shard, receipt.attempt, of: job), digest: digest))
    answer = nil
  }

  private func failed(_ failure: WorkerMessage.ShardFailure, _ peer: Peers.Peer) {
    guard let job = job(failure.run), job.work.plan.shards.indices.contains(failure.shard.value) else { return }
    let lease = lease(failure.shard, failure.attempt, of: job)
    observer.failed(peer.label, job.work.name, failure.shard, failure.message)
    // What is gone here too is gone for everybody.
    if let file = failure.missing, job.isSound(file) {
      if observer.misses(peer.hello.host, file) {
        logger.warning(
          "a host does not see a file",
          metadata: [
            "worker.id": "\(peer.label)", "file": "\(file.printable)", "reason": "\(failure.message.printable)",
          ])
      }
      let groups = job.tensors(in: file).union([job.shard(lease.shard).tensor])
      return apply(.outOfReach(peer.id, lease, groups: groups))
    }
    logger.warning(
      "a shard failed",
      metadata: [
        "worker.id": "\(peer.label)", "shard.id": "\(failure.shard)", "reason": "\(failure.message.printable)",
      ])
    apply(.failed(peer.id, lease, reason: "\(peer.label): \(failure.message)"))
  }
}
