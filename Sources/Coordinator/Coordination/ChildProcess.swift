internal import Core
internal import Foundation
internal import Glibc
internal import Synchronization

/// A process of this program's own making. In a group of its own, so that Ctrl-C reaches this program alone;
/// without any of its open files but the one for its messages.
///
/// Foundation's `Process` takes ten milliseconds and more to start one, which is a good part of a small run.
final class ChildProcess: Sendable {
  private enum State { case running, unwanted, gone }

  let identifier: pid_t
  /// Once it is gone, its identifier may be another's.
  private let state = Mutex(State.running)
  private let ended = Promise<Void>()

  /// - Parameters:
  ///   - environment: the whole of it.
  ///   - messages: where its standard error goes, to the file's end; nowhere when it cannot be written.
  ///   - onExit: told when it has ended by itself; called on any thread.
  /// - Throws: `Failure` when it cannot be started.
  init(
    _ executable: String, _ arguments: [String], environment: [String: String], messages: String,
    onExit: @escaping @Sendable (pid_t) -> Void
  ) throws(Failure) {
    let log = open(messages, O_WRONLY | O_APPEND | O_CLOEXEC)
    defer { if log >= 0 { close(log) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, log >= 0 ? log : STDOUT_FILENO, STDERR_FILENO)
    // HDF5 does not mark its files to be closed. What is not open is no error.
    for descriptor in STDERR_FILENO + 1..<Int32(clamping: min(256, max(4, sysconf(Int32(_SC_OPEN_MAX))))) {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
    var process: pid_t = 0
    let code = Self.withCStrings([executable] + arguments) { arguments in
      Self.withCStrings(environment.map { "\($0)=\($1)" }) { environment in
        posix_spawn(&process, executable, &actions, &attributes, arguments, environment)
      }
    }
    guard code == 0 else {
      throw Failure(
        .unclassified, "cannot start '\(executable.printable)': \(String(cString: strerror(code)))",
        advice: "build the project again: the worker lies beside modeltree")
    }
    identifier = process
    let waiter = Thread { [self] in
      if waitForEnd() { onExit(identifier) }
      ended.fulfil(.success(()))
    }
    waiter.name = "child"
    waiter.start()
  }

  /// - Returns: whether it ended by itself.
  private func waitForEnd() -> Bool {
    var information = siginfo_t()
    while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
    return state.withLock { state in
      defer { state = .gone }
      var status: Int32 = 0
      waitpid(identifier, &status, 0)
      return state == .running
    }
  }

  /// Has it ended without a word to anybody; `wait` waits until it is gone.
  func kill() {
    state.withLock { state in
      guard state == .running else { return }
      state = .unwanted
      _ = Glibc.kill(identifier, SIGKILL)
    }
  }

  func wait() { _ = try? ended.wait() }

  private static func withCStrings<T>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T
  ) -> T {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}
