internal import Core
internal import Dispatch
internal import Foundation
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
public import System

/// Serves a board by HTTP: `/` for people, `/status.json`, `/metrics`, `/healthz`.
///
/// One thread of its own, which waits for all clients together and computes for none of them longer
/// than a status takes to encode; a run that keeps every processor busy does not silence it. Whoever is
/// turned away is answered: 408 after too long a silence, 503 and `Retry-After` when there is no room.
public final class StatusServer: Sendable {
  /// All durations are of time that the server spent serving (see `ConnectionLimiter`).
  public struct Limits: Sendable {
    /// Clients at a time; more wait in the system's queue.
    public var clients = 256
    /// For a client to send its request.
    public var reading = Duration.seconds(5)
    /// For a client to take its answer.
    public var writing = Duration.seconds(20)
    /// For a client to hang up once it has its answer.
    package var draining = Duration.seconds(1)
    /// When there is no room, a client that has been asking for longer than this makes some.
    package var hesitation = Duration.milliseconds(500)

    public init() {}
  }

  /// Connections that the system may complete before the server takes them; Linux cuts this to
  /// `net.core.somaxconn`. While the server does not run, whoever finds no room there has to try again.
  private static let backlog: Int32 = 4096

  /// As it can be reached, with the real port.
  public let address: HTTPAddress
  private let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let limiter: NIOLoopBoundBox<ConnectionLimiter>

  /// For people, to be opened.
  public var url: String {
    let isAny = address.host == "0.0.0.0" || address.host == "::"
    let host = isAny ? ProcessInfo.processInfo.hostName : address.host
    return "http://\(HTTPAddress(host: host, port: address.port))/"
  }

  /// Listens and serves from now on.
  ///
  /// - Throws: `Failure` (usage): no such address here, or the port is taken.
  public convenience init(address: HTTPAddress, board: StatusBoard, limits: Limits = Limits()) throws(Failure) {
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
  public func stop() { try? threads.syncShutdownGracefully() }

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
          try pipeline.addHandler(Answering(routes))
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
