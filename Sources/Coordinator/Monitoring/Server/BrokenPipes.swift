internal import Glibc
internal import NIOCore
internal import NIOPosix

/// As soon as NIO opens a socket it makes the whole program ignore SIGPIPE, and `modeltree ... | head` would
/// crash instead of ending quietly.
enum BrokenPipes {
  /// Opens the first socket of these threads. SIGPIPE keeps its effect on the program, but never reaches them.
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
