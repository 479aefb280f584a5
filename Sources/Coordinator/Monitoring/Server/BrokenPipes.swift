internal import Glibc
internal import NIOCore
internal import NIOPosix

/// NIO has the whole program ignore SIGPIPE as soon as it opens a socket, and `modeltree ... | head`
/// would end with a crash rather than quietly.
enum BrokenPipes {
  /// Opens the first socket of these threads; SIGPIPE stays what it was, save that it never reaches them.
  static func stayFatal<Result>(
    _ threads: MultiThreadedEventLoopGroup, _ open: () throws -> Result
  ) throws -> Result {
    try threads.next().submit {
      var signals = sigset_t()
      sigemptyset(&signals)
      sigaddset(&signals, SIGPIPE)
      pthread_sigmask(SIG_BLOCK, &signals, nil)
    }.wait()
    var action = sigaction()
    sigaction(SIGPIPE, nil, &action)
    defer { sigaction(SIGPIPE, &action, nil) }
    return try open()
  }
}
