internal import NIOCore
internal import NIOHTTP1

/// Counts what one client sends and follows the stages of its connection. As the first handler of the pipeline
/// it sees only bytes: incoming ones before all other handlers, outgoing ones after them.
final class Connection: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = IOData
  typealias OutboundOut = IOData

  enum Stage {
    /// The request is not complete.
    case reading
    /// The client is taking its answer.
    case writing
    /// The answer is complete. What the client still sends is discarded, because closing at once would reset
    /// the connection and the client might lose its answer.
    case draining
  }

  /// No honest head of a request is longer; browsers send a few hundred bytes.
  static let largestHead = 8192

  private(set) var stage = Stage.reading
  /// When this stage has taken too long, on the limiter's clock.
  private(set) var deadline = Duration.zero
  /// Called when the connection reaches another stage, to set its deadline.
  var onStage: (Stage) -> Void = { _ in }
  private var received = 0
  private var drained = 0
  private var context: ChannelHandlerContext?

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func enter(_ stage: Stage, until deadline: Duration) {
    self.stage = stage
    self.deadline = deadline
  }

  /// Hangs up without another word.
  func end() { context?.close(promise: nil) }

  /// Answers a request that is not complete, and hangs up.
  func refuse(_ status: HTTPResponseStatus) { context?.fireErrorCaught(Refusal(status: status)) }

  /// Ends a stage that has lasted too long.
  func expire() {
    switch stage {
    case .reading: refuse(.requestTimeout)
    // Half an answer is on its way, and nobody takes it.
    case .writing, .draining: end()
    }
  }

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
    if stage == .reading, received > Self.largestHead { refuse(.requestHeaderFieldsTooLarge) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    // A client may close its side after its request, but not before.
    switch stage {
    case .reading: if received == 0 { end() } else { refuse(.badRequest) }
    case .writing: break
    case .draining: end()
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if stage == .reading { onStage(.writing) }
    context.write(data, promise: promise)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if mode == .output { onStage(.draining) }
    context.close(mode: mode, promise: promise)
  }
}

/// Why a request that is missing or incomplete is refused.
struct Refusal: Error {
  var status: HTTPResponseStatus
}
