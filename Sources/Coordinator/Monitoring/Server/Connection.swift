internal import NIOCore
internal import NIOHTTP1

/// Holds one client to the limits. The first in its pipeline: sees bytes alone, from the client before
/// anybody else and to the client last.
final class Connection: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = IOData
  typealias OutboundOut = IOData

  enum Stage {
    case reading, writing
    /// All is said; what the client still sends is thrown away, so that the answer is not lost to a
    /// connection that is reset.
    case draining
  }

  /// No honest head is longer; browsers send some hundred bytes.
  static let largestHead = 8192

  private(set) var stage = Stage.reading
  let began = NIODeadline.now()
  private let limits: StatusServer.Limits
  private var received = 0
  private var drained = 0
  /// Ends the stage that lasts too long.
  private var alarm: Scheduled<Void>?
  private var context: ChannelHandlerContext?

  init(_ limits: StatusServer.Limits) { self.limits = limits }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    enter(.reading, for: limits.reading, context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    alarm?.cancel()
    self.context = nil
  }

  /// Without another word.
  func end() { context?.close(promise: nil) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let count = Self.unwrapInboundIn(data).readableBytes
    guard stage == .reading else {
      drained += count
      if drained > 8 * Self.largestHead { end() }
      return
    }
    received += count
    context.fireChannelRead(data)
    // The decoder counts names and values alone, and would keep any number of blanks between them.
    if stage == .reading, received > Self.largestHead {
      context.fireErrorCaught(Refusal(status: .requestHeaderFieldsTooLarge))
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    // A client may be silent after its request, but not before.
    if stage != .writing { end() }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if stage == .reading { enter(.writing, for: limits.writing, context) }
    context.write(data, promise: promise)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if mode == .output { enter(.draining, for: limits.draining, context) }
    context.close(mode: mode, promise: promise)
  }

  private func enter(_ stage: Stage, for duration: Duration, _ context: ChannelHandlerContext) {
    self.stage = stage
    alarm?.cancel()
    alarm = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(duration)) { self.expire() }
  }

  private func expire() {
    guard stage == .reading, received > 0 else { return end() }
    context?.fireErrorCaught(Refusal(status: .requestTimeout))
  }
}

/// What is wrong with a request that has not come, or not whole.
struct Refusal: Error {
  var status: HTTPResponseStatus
}
