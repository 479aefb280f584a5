internal import Glibc

/// The server's thread: waits for all clients together.
final class ServingLoop {
  private let listener: Listener
  private let stopping: Int32
  private var routes: StatusRoutes
  private let limits: StatusServer.Limits
  private var clients: [Connection] = []
  /// No client is taken before, as the system had no descriptor left.
  private var resumes = ContinuousClock.now

  init(listener: Listener, stopping: Int32, board: StatusBoard, limits: StatusServer.Limits) {
    self.listener = listener
    self.stopping = stopping
    routes = StatusRoutes(board, isLocal: listener.isLocal)
    self.limits = limits
  }

  /// Until there is something to read from `stopping`. Closes everything that it was given.
  func run() {
    defer {
      for client in clients { close(client.descriptor) }
      listener.end()
      close(stopping)
    }
    while true {
      var items = [pollfd(fd: stopping, events: Int16(POLLIN), revents: 0)]
      items += clients.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
      let hasRoom = clients.count < limits.clients && ContinuousClock.now >= resumes
      if hasRoom { items.append(pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)) }
      _ = poll(&items, nfds_t(items.count), milliseconds)
      if items[0].revents != 0 { return }
      let now = ContinuousClock.now
      for index in clients.indices {
        if items[index + 1].revents != 0 {
          clients[index].advance(at: now, limits) { routes.reply(to: $0) }
        } else if now >= clients[index].deadline {
          clients[index].expire(at: now, limits)
        }
      }
      removeEnded()
      if hasRoom, items.last?.revents != 0 { accept(now) }
      if clients.count >= limits.clients { makeRoom(now) }
    }
  }

  /// Until the next thing that time alone brings.
  private var milliseconds: Int32 {
    guard let next = clients.map(\.deadline).min() else { return ContinuousClock.now < resumes ? 100 : -1 }
    // Without room, clients in the queue are not waited for; see for some often enough.
    let limit = clients.count >= limits.clients || ContinuousClock.now < resumes ? 100.0 : 60_000
    return Int32(min(limit, max(1, ((next - ContinuousClock.now) / .milliseconds(1)).rounded(.up))))
  }

  private func accept(_ now: ContinuousClock.Instant) {
    while clients.count < limits.clients {
      let descriptor = Glibc.accept(listener.descriptor, nil, nil)
      guard descriptor >= 0 else {
        if errno == EINTR || errno == ECONNABORTED { continue }
        if errno != EAGAIN { resumes = now + .milliseconds(100) }
        return
      }
      Descriptor.makePolite(descriptor)
      clients.append(Connection(descriptor, at: now, limits))
    }
  }

  /// Puts out the one that has been silent the longest.
  private func makeRoom(_ now: ContinuousClock.Instant) {
    let silent = clients.indices.filter { clients[$0].stage == .reading }
    guard let oldest = silent.min(by: { clients[$0].began < clients[$1].began }),
      now - clients[oldest].began >= limits.hesitation
    else { return }
    close(clients[oldest].descriptor)
    clients.remove(at: oldest)
  }

  private func removeEnded() {
    clients.removeAll { client in
      guard client.stage == .over else { return false }
      close(client.descriptor)
      return true
    }
  }
}
