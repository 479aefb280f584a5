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
    case .hello(let hello): return welcome(hello, identity, message)
    case .ask:
      let json = observer.json(jobs, failedAtStart, scheduler, peers, door, at: clock.now)
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
    case .ready(let credit): apply(.ready(peer.id, credit: credit.value))
    case .done(let receipt): done(receipt, frames, peer)
    case .failed(let failure): failed(failure, peer)
    case .heartbeat(let beat):
      observer.heard(beat, from: peer.id, at: clock.now)
      apply(.heard(peer.id))
    case .goodbye: forget(peer.id, .left(peer.id))
    }
  }

  private func welcome(_ hello: WorkerMessage.Hello, _ identity: Peers.Identity, _ message: Socket.Message) {
    let key = message.key
    let party = party(of: message)
    let refusal: String? =
      if hello.protocolVersion != WireProtocol.version {
        "it speaks protocol \(hello.protocolVersion), the coordinator \(WireProtocol.version); install the same version on both"
      } else if hello.software != Version.software {
        "it is modeltree-worker \(hello.software), the coordinator \(Version.software); install the same version on both"
      } else if peers.count >= Peers.most {
        "\(Peers.most) workers are connected already"
      } else if let party, peers.count(of: party) >= Peers.mostOfParty {
        "\(Peers.mostOfParty) workers of \(party.name) are connected already"
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
    let peer = peers.add(hello, identity: identity, key: key, party: party)
    logger.info(
      "a worker joined",
      metadata: [
        "worker.id": "\(peer.label)", "threads": "\(hello.threads)",
        "memory": "\(ByteCount(bytes: hello.memoryBytes.value))", "kernels": "\(hello.instructionSet.printable)",
        "key": "\(door.name(of: key)?.printable ?? "none")",
      ])
    apply(.joined(peer.id, origin: peer.label, slots: hello.threads.value, party: party))
    socket.send([identity, CoordinatorMessage.welcome.encoded()])
  }

  /// Who answers for the sender; nil for the coordinator's own workers, which nobody else can pass for.
  private func party(of message: Socket.Message) -> Party? {
    guard privateEndpoint == nil else { return nil }
    let address = message.address ?? ""
    return Party(
      message.key.map { "the key \($0.text)" } ?? (address.isEmpty ? "this machine" : address),
      isElsewhere: !Endpoint.isThisMachine(address))
  }

  /// The run that a worker speaks of; nil when it has ended, or is one of an earlier session.
  private func job(_ run: String) -> ServedJob? { jobs.first { $0.run == run && !$0.hasEnded } }

  private func done(_ receipt: WorkerMessage.Receipt, _ frames: [[UInt8]], _ peer: Peers.Peer) {
    guard let job = job(receipt.run) else { return }
    guard let root = job.tasks.task(of: receipt.shard), frames.count == 3 else {
      return expel(peer.identity, "it answered for shard \(receipt.shard) without its sums")
    }
    guard let task = scheduler.task(root, receipt.part) else {
      return expel(peer.identity, "it answered for part of shard \(receipt.shard) that it was never given")
    }
    let part = scheduler.part(of: task)
    if case .refused(let reason) = job.verdict(on: frames[2], job.shard(root), part) {
      return expel(peer.identity, "its answer for shard \(receipt.shard) is \(reason)")
    }
    let answer = Journal.Entry(
      shard: receipt.shard, attempt: receipt.attempt, worker: peer.label, seconds: receipt.seconds.value,
      bytesRead: receipt.bytesRead.value, partial: frames[2])
    peers.values(peer.identity)
    observer.answered(peer.id)
    // Only where two answers are compared: a checksum could be forged, and SHA-256 takes its time.
    let digest = scheduler.compares(task, by: peer.id) ? SHA256.digest(of: frames[2]) : .init()
    apply(.done(peer.id, Lease(task: task, attempt: receipt.attempt), digest: digest), answer: answer)
  }

  private func failed(_ failure: WorkerMessage.ShardFailure, _ peer: Peers.Peer) {
    guard let job = job(failure.run), let root = job.tasks.task(of: failure.shard),
      let task = scheduler.task(root, failure.part)
    else { return }
    let lease = Lease(task: task, attempt: failure.attempt)
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
      let groups = job.tensors(in: file).union([job.shard(root).tensor])
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
