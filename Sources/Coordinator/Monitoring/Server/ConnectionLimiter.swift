internal import NIOCore
internal import NIOHTTP1
internal import System

/// Admits a limited number of clients at a time, while others wait in the system's queue, and ends those that
/// take too long. A handler of the listening socket.
///
/// Limits count only time that the server spent serving: its clock moves once per tick, by one tick at most,
/// after all input of that turn of the event loop has been read. If the server was stopped or had no processor
/// for a minute, its clients are a tenth of a second older afterwards, and their requests are read first.
final class ConnectionLimiter: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias OutboundIn = any Channel

  static let tick = Duration.milliseconds(100)

  private let limits: StatusServer.Limits
  private let isTicking: Bool
  private var clock = RunningClock(longestStep: ConnectionLimiter.tick)
  /// Clients that are asking or being answered, in the order in which they came.
  private var active: [Connection] = []
  /// Clients that were answered and have not hung up.
  private var draining: [Connection] = []
  /// Whether the next client needs a place.
  private var isAsked = false
  private var nextTick: Scheduled<Void>?
  private var context: ChannelHandlerContext?
  private var admitted = 0

  /// - Parameter isTicking: whether time passes by itself; if not, `advance(by:)` is called by others.
  init(_ limits: StatusServer.Limits, isTicking: Bool) {
    self.limits = limits
    self.isTicking = isTicking
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if isTicking { awaitTick() }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    nextTick?.cancel()
    self.context = nil
  }

  /// Schedules the next tick; missed ticks are not made up for.
  private func awaitTick() {
    nextTick = context?.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(Self.tick)) {
      self.clock.advance()
      self.enforceLimits()
      self.awaitTick()
    }
  }

  /// Accepts one client, if there is room.
  func read(context: ChannelHandlerContext) {
    guard active.count >= limits.clients else { return context.read() }
    isAsked = true
    // Later in this turn of the loop, when everybody's input has been read.
    context.eventLoop.assumeIsolated().execute { self.makeRoom() }
  }

  func admit(_ connection: Connection, on channel: any Channel) {
    admitted += 1
    active.append(connection)
    connection.enter(.reading, until: clock.now + limits.reading)
    connection.onStage = { [unowned connection] stage in self.moved(connection, to: stage) }
    channel.closeFuture.assumeIsolated().whenComplete { _ in
      self.draining.removeAll { $0 === connection }
      self.leave(connection)
    }
  }

  /// Moves the clock: by one tick at most, however long the pause was.
  func advance(by pause: Duration) {
    clock.advance(by: pause)
    enforceLimits()
  }

  var census: StatusServer.Census {
    StatusServer.Census(
      admitted: admitted, reading: active.count { $0.stage == .reading },
      writing: active.count { $0.stage == .writing },
      draining: draining.count, elapsed: clock.now)
  }

  private func moved(_ connection: Connection, to stage: Connection.Stage) {
    switch stage {
    case .reading: break
    case .writing: connection.enter(.writing, until: clock.now + limits.writing)
    case .draining:
      connection.enter(.draining, until: clock.now + limits.draining)
      draining.append(connection)
      // The system already has their answers, so hanging up on the oldest costs them nothing.
      if draining.count > limits.clients { draining.removeFirst().end() }
      leave(connection)
    }
  }

  private func leave(_ connection: Connection) {
    active.removeAll { $0 === connection }
    guard isAsked, active.count < limits.clients else { return }
    isAsked = false
    context?.read()
  }

  private func enforceLimits() {
    for connection in active + draining where connection.deadline <= clock.now { connection.expire() }
    makeRoom()
  }

  /// Turns away the client whose request has taken longest, if that is long enough.
  private func makeRoom() {
    guard isAsked, active.count >= limits.clients else { return }
    guard let oldest = active.first(where: { $0.stage == .reading }) else { return }
    // All that read have the same limit.
    guard clock.now >= oldest.deadline - limits.reading + limits.hesitation else { return }
    oldest.refuse(.serviceUnavailable)
  }
}
