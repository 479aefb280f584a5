internal import CLinux
internal import Glibc
internal import Synchronization

/// Another program, started by this one.
///
/// Foundation's `Process` takes ten milliseconds or more to start one, and in Swift 6.3 it reads past the end of the
/// list of open files, which crashes this program when many are open (swift-corelibs-foundation #5472).
package final class Subprocess: Sendable {
  /// MFD_CLOEXEC.
  private static let closeOnExec: UInt32 = 1

  package let identifier: Int32
  /// Set once it has ended; from then on another process may have its identifier.
  private let status = Mutex<Int32?>(nil)

  /// Starts the program. It inherits no open files except those named here.
  ///
  /// - Parameters:
  ///   - executable: path of the program.
  ///   - arguments: without the program's name.
  ///   - environment: the complete environment.
  ///   - input: the contents of its standard input.
  ///   - output: descriptor for its standard output; nil discards it.
  ///   - errors: descriptor for its standard error; nil discards it.
  ///   - inOwnGroup: whether it gets a process group of its own, so that Ctrl-C reaches only this program.
  /// - Throws: `Failure` when it cannot be started.
  package init(
    _ executable: String, _ arguments: [String], environment: [String: String], input: [UInt8] = [],
    output: Int32? = nil, errors: Int32? = nil, inOwnGroup: Bool = false
  ) throws(Failure) {
    let file = input.isEmpty ? nil : try Self.file(of: input)
    defer { if let file { close(file) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (own, given) in [(STDIN_FILENO, file), (STDOUT_FILENO, output), (STDERR_FILENO, errors)] {
      if let given {
        posix_spawn_file_actions_adddup2(&actions, given, own)
      } else {
        posix_spawn_file_actions_addopen(&actions, own, "/dev/null", O_RDWR, 0)
      }
    }
    // libhdf5 does not mark its files close-on-exec.
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    // Servers ignore SIGPIPE, but programs that write to a pipe rely on it.
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    let group = inOwnGroup ? POSIX_SPAWN_SETPGROUP : 0
    posix_spawnattr_setflags(&attributes, Int16(group | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var process: pid_t = 0
    let code = Self.withCStrings([executable] + arguments) { arguments in
      Self.withCStrings(environment.map { "\($0)=\($1)" }) { environment in
        posix_spawn(&process, executable, &actions, &attributes, arguments, environment)
      }
    }
    guard code == 0 else {
      throw Failure(.unclassified, "cannot start '\(executable.printable)': \(String(cString: strerror(code)))")
    }
    identifier = process
  }

  package var isRunning: Bool { status.withLock { $0 == nil } }

  /// Waits until the program has ended. Only one thread may call this.
  ///
  /// - Returns: the exit code as shells report it, that is, 128 plus the number of the signal that ended it, if any; -1
  ///   when the system does not report it because this program was started with SIGCHLD ignored.
  package func wait() -> Int32 {
    var information = siginfo_t()
    while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
    return status.withLock { known in
      if let known { return known }
      var raw: Int32 = 0
      let isKnown = waitpid(identifier, &raw, 0) == identifier
      let signal = raw & 0x7f
      let result = !isKnown ? -1 : signal == 0 ? (raw >> 8) & 0xff : 128 + signal
      known = result
      return result
    }
  }

  /// Sends a signal, unless the program has ended.
  package func send(_ signal: Int32) {
    status.withLock { if $0 == nil { _ = kill(identifier, signal) } }
  }

  /// A file in memory, positioned at its start. Unlike a pipe, it needs no writer while the program runs.
  private static func file(of bytes: [UInt8]) throws(Failure) -> Int32 {
    let file = memfd_create("input", Self.closeOnExec)
    guard bytes.withUnsafeBytes({ writeAll($0, to: file) }), lseek(file, 0, SEEK_SET) == 0 else {
      let problem = String(cString: strerror(errno))
      if file >= 0 { close(file) }
      throw Failure(.unclassified, "cannot keep another program's input in memory: \(problem)")
    }
    return file
  }

  private static func withCStrings<T>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T
  ) -> T {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}
