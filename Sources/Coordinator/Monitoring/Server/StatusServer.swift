internal import Core
internal import Dispatch
internal import Foundation
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
package import System

/// Serves a board by HTTP: `/` for people, `/status.json`, `/metrics`, `/healthz`.
///
/// It has one thread, which waits for all clients at once and never computes for longer than it takes to
/// encode a status, so a run that keeps every processor busy does not silence it. Clients that are turned away
/// get an answer: 408 if their request takes too long, 503 with `Retry-After` if there is no room.
package final class StatusServer: Sendable {
  /// All durations count only time that the server spent serving (see `ConnectionLimiter`).
  package struct Limits: Sendable {
    /// The number of clients served at a time; others wait in the system's queue.
    package var clients = 256
    /// For a client to send its request.
    package var reading = Duration.seconds(5)
    /// For a client to take its answer.
    package var writing = Duration.seconds(20)
    /// For a client to hang up once it has its answer.
    package var draining = Duration.seconds(1)
    /// When there is no room, the client whose request has taken longest, and longer than this, is turned away.
    package var hesitation = Duration.milliseconds(500)

    package init() {}
  }

  /// Connections that the system completes before the server accepts them, so that clients can connect while
  /// the server does not run. Linux limits this to `net.core.somaxconn`.
  private static let backlog: Int32 = 4096

  /// Where the server can be reached, with the real port.
  package let address: HTTPAddress
  private let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let limiter: NIOLoopBoundBox<ConnectionLimiter>

  /// What to open in a browser.
  package var url: String {
    let isAny = address.host == "0.0.0.0" || address.host == "::"
    let host = isAny ? ProcessInfo.processInfo.hostName : address.host
    return "http://\(HTTPAddress(host: host, port: address.port))/"
  }

  /// Listens and serves from now on.
  ///
  /// - Throws: `Failure` (usage): no such address here, or the port is taken.
  package convenience init(address: HTTPAddress, board: StatusBoard, limits: Limits = Limits()) throws(Failure) {
    try self.init(address: address, board: board, limits: limits, isTicking: true)
  }

  /// - Parameter isTicking: whether time passes by itself; a test that says no lets it pass by `advance`.
  package init(
    address: HTTPAddress, board: StatusBoard, limits: Limits = Limits(), isTicking: Bool
  ) throws(Failure) {
    limiter = .makeBoxSendingValue(ConnectionLimiter(limits, isTicking: isTicking), eventLoop: threads.next())
    do {
      let place = try SocketAddress.makeAddressResolvingHost(address.host, port: Int(address.port))
      let isLocal = place.ipAddress.map { HTTPAddress(host: $0, port: 0).isLocal } ?? false
      let bootstrap = Self.bootstrap(threads, StatusRoutes(board, isLocal: isLocal), limiter)
      let listener = try BrokenPipes.stayFatal(threads) { try bootstrap.bind(to: place).wait() }
      let port = listener.localAddress?.port.flatMap(UInt16.init(exactly:))
      self.address = HTTPAddress(host: address.host, port: port ?? address.port)
    } catch {
      try? threads.syncShutdownGracefully()
      throw Self.refused(address, error)
    }
  }

  deinit { stop() }

  /// Closes every connection; returns when that is done.
  package func stop() { try? threads.syncShutdownGracefully() }

  /// Who is connected.
  package struct Census: Sendable {
    /// Clients that were taken since the server began.
    package var admitted: Int
    package var reading: Int
    package var writing: Int
    package var draining: Int
    /// Time that counted for the limits.
    package var elapsed: Duration
  }

  package var census: Census {
    get throws { try threads.next().submit { [limiter] in limiter.value.census }.wait() }
  }

  /// Lets time pass for the limits, a tick per turn of the server.
  package func advance(by duration: Duration) throws {
    for _ in 0..<Int((duration / ConnectionLimiter.tick).rounded(.up)) { try pause(of: ConnectionLimiter.tick) }
  }

  /// The server finds that so much time has gone by since it last ran.
  package func pause(of duration: Duration) throws {
    try threads.next().submit { [limiter] in limiter.value.advance(by: duration) }.wait()
  }

  /// Keeps the server's thread busy while `body` runs on this one, and has it find afterwards that the
  /// duration has gone by, before it does anything else.
  package func whileBusy(for duration: Duration, _ body: () throws -> Void) throws {
    let isDone = DispatchSemaphore(value: 0)
    let busy = threads.next().submit { [limiter] in
      isDone.wait()
      limiter.value.advance(by: duration)
    }
    let result = Result { try body() }
    isDone.signal()
    try busy.wait()
    try result.get()
  }

  private static func bootstrap(
    _ threads: MultiThreadedEventLoopGroup, _ routes: sending StatusRoutes,
    _ limiter: NIOLoopBoundBox<ConnectionLimiter>
  ) -> ServerBootstrap {
    let routes = NIOLoopBoundBox.makeBoxSendingValue(routes, eventLoop: threads.next())
    var decoding = NIOHTTPDecoderLimitConfiguration()
    decoding.maxHeaderFieldSize = Connection.largestHead
    decoding.maxHeaderListSize = Connection.largestHead
    return ServerBootstrap(group: threads)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.backlog, value: backlog)
      // One at a time, so that the limiter can stop after each.
      .serverChannelOption(.maxMessagesPerRead, value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(limiter.value) }
      }
      // Who has asked may close its side and still hears the answer.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { [decoding] channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          let connection = Connection()
          limiter.value.admit(connection, on: channel)
          try pipeline.addHandler(connection)
          // Errors are answered by what answers everything else, and nobody asks twice.
          try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: decoding)
          try pipeline.addHandler(RequestHandler(routes))
        }
      }
  }

  private static func refused(_ address: HTTPAddress, _ error: any Error) -> Failure {
    let reason =
      switch error {
      case let error as IOError: String(cString: strerror(error.errnoCode))
      case let error as SocketAddressError.UnknownHost: error.errorDescription
      default: "\(error)"
      }
    return .usage(
      "cannot serve the status on '\(address.description.printable)': \(reason)",
      advice: "give --http an address of this machine and a free port; with port 0 one is picked")
  }
}
