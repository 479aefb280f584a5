internal import NIOCore

/// Lets in only so many clients at a time; more wait in the system's queue. Belongs to the socket that
/// listens.
final class ConnectionLimiter: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias OutboundIn = any Channel

  private let limits: StatusServer.Limits
  /// Who came first stands first.
  private var inside: [Connection] = []
  /// Would the next client be taken, if there was room?
  private var isAsked = false
  private var alarm: Scheduled<Void>?
  private var context: ChannelHandlerContext?

  init(_ limits: StatusServer.Limits) { self.limits = limits }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    alarm?.cancel()
    self.context = nil
  }

  /// Takes one client; the system is asked for no more.
  func read(context: ChannelHandlerContext) {
    guard inside.count >= limits.clients else { return context.read() }
    isAsked = true
    makeRoom()
  }

  func admit(_ connection: Connection, on channel: any Channel) {
    inside.append(connection)
    channel.closeFuture.assumeIsolated().whenComplete { _ in self.leave(connection) }
  }

  private func leave(_ connection: Connection) {
    inside.removeAll { $0 === connection }
    guard isAsked, inside.count < limits.clients else { return }
    isAsked = false
    alarm?.cancel()
    context?.read()
  }

  /// Puts out the one that has been silent the longest, as soon as that is long enough.
  private func makeRoom() {
    guard isAsked, let context, let oldest = inside.first(where: { $0.stage == .reading }) else { return }
    let due = oldest.began + TimeAmount(limits.hesitation)
    guard due > .now() else { return oldest.end() }
    alarm?.cancel()
    alarm = context.eventLoop.assumeIsolated().scheduleTask(deadline: due) { self.makeRoom() }
  }
}
