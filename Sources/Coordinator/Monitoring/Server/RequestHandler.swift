internal import NIOCore
internal import NIOHTTP1

/// Answers a client's first request, or whatever it sent instead of one, and hangs up.
final class RequestHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let routes: NIOLoopBoundBox<StatusRoutes>
  private var hasAnswered = false

  init(_ routes: NIOLoopBoundBox<StatusRoutes>) { self.routes = routes }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let head) = Self.unwrapInboundIn(data) else { return }
    answer(context, withBody: head.method != .HEAD) { routes.value.reply(to: head) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case let refusal as Refusal: answer(context) { HTTPReply(refusal.status) }
    case HTTPParserError.headerOverflow: answer(context) { HTTPReply(.requestHeaderFieldsTooLarge) }
    case HTTPParserError.invalidVersion: answer(context) { HTTPReply(.httpVersionNotSupported) }
    case is HTTPParserError: answer(context) { HTTPReply(.badRequest) }
    default: context.close(promise: nil)
    }
  }

  private func answer(_ context: ChannelHandlerContext, withBody: Bool = true, _ reply: () -> HTTPReply) {
    guard !hasAnswered else { return }
    hasAnswered = true
    let reply = reply()
    context.write(Self.wrapOutboundOut(.head(reply.head)), promise: nil)
    if withBody { context.write(Self.wrapOutboundOut(.body(.byteBuffer(reply.body))), promise: nil) }
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolated().whenSuccess { context.close(mode: .output, promise: nil) }
    context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: sent)
  }
}
