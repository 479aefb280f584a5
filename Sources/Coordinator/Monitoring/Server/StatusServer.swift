internal import Core
internal import Foundation
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
public import System

/// Serves a board by HTTP: `/` for people, `/status.json`, `/metrics`, `/healthz`.
///
/// One thread of its own, which waits for all clients together and computes for none of them longer
/// than a status takes to encode; a run that keeps every processor busy does not silence it.
public final class StatusServer: Sendable {
  public struct Limits: Sendable {
    /// Clients at a time; more wait in the system's queue.
    public var clients = 256
    /// For a client to say what it wants.
    public var reading = Duration.seconds(5)
    /// For a client to take its answer.
    public var writing = Duration.seconds(20)
    var draining = Duration.seconds(1)
    /// When there is no room, whoever has said nothing for so long makes some.
    var hesitation = Duration.milliseconds(500)

    public init() {}
  }

  /// As it can be reached, with the real port.
  public let address: HTTPAddress
  private let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  /// For people, to be opened.
  public var url: String {
    let isAny = address.host == "0.0.0.0" || address.host == "::"
    let host = isAny ? ProcessInfo.processInfo.hostName : address.host
    return "http://\(HTTPAddress(host: host, port: address.port))/"
  }

  /// Listens and serves from now on.
  ///
  /// - Throws: `Failure` (usage): no such address here, or the port is taken.
  public init(address: HTTPAddress, board: StatusBoard, limits: Limits = Limits()) throws(Failure) {
    do {
      let place = try SocketAddress.makeAddressResolvingHost(address.host, port: Int(address.port))
      let isLocal = place.ipAddress.map { HTTPAddress(host: $0, port: 0).isLocal } ?? false
      let bootstrap = Self.bootstrap(threads, StatusRoutes(board, isLocal: isLocal), limits)
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

  private static func bootstrap(
    _ threads: MultiThreadedEventLoopGroup, _ routes: sending StatusRoutes, _ limits: Limits
  ) -> ServerBootstrap {
    let routes = NIOLoopBoundBox.makeBoxSendingValue(routes, eventLoop: threads.next())
    let door = NIOLoopBoundBox.makeBoxSendingValue(ConnectionLimiter(limits), eventLoop: threads.next())
    var decoding = NIOHTTPDecoderLimitConfiguration()
    decoding.maxHeaderFieldSize = Connection.largestHead
    decoding.maxHeaderListSize = Connection.largestHead
    return ServerBootstrap(group: threads)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // One at a time, so that the door can be shut after each.
      .serverChannelOption(.maxMessagesPerRead, value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(door.value) }
      }
      // Who has asked may close its side and still hears the answer.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { [decoding] channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          let connection = Connection(limits)
          door.value.admit(connection, on: channel)
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
