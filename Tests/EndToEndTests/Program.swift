import Foundation
import Synchronization
import TestSeed

/// The built programs, the repository, and the Python that has the oracles.
enum Program {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
  static let modeltree = "\(root)/.build/release/modeltree"
  static let worker = "\(root)/.build/release/modeltree-worker"
  static let python =
    ProcessInfo.processInfo.environment["MODELTREE_PYTHON"] ?? "\(root)/.venv/bin/python"

  struct Output {
    var status: Int32
    var stdout: String
    var stderr: String
    var lasted: Duration
  }

  /// Runs to the end.
  @discardableResult
  static func run(
    _ executable: String, _ arguments: [String], input: String = "",
    environment: [String: String] = [:]
  ) throws -> Output {
    let running = try Running(executable, arguments, input: input, environment: environment)
    let status = running.wait()
    return Output(status: status, stdout: running.stdout, stderr: running.stderr, lasted: running.lasted)
  }

  /// Runs one of Tests/Oracle's scripts.
  static func oracle(_ script: String, _ arguments: [String], input: String = "") throws -> Output {
    try run(python, ["\(root)/Tests/Oracle/\(script).py"] + arguments, input: input)
  }
}

/// A program under way, its output gathered as it comes.
final class Running: Sendable {
  private struct Gathered {
    var stdout = Data()
    var stderr = Data()
    var open = 2
    var ended: ContinuousClock.Instant?
  }

  private let process = Process()
  private let gathered = Mutex(Gathered())
  private let changed = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)
  private let started = ContinuousClock.now

  /// - Parameter environment: beside what the tests have themselves.
  init(
    _ executable: String, _ arguments: [String], input: String = "",
    environment: [String: String] = [:]
  ) throws {
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.terminationHandler = { [self] _ in
      gathered.withLock { $0.ended = .now }
      ended.signal()
    }
    let stdin = try Spawning.alone {
      let stdin = Pipe()
      process.standardInput = stdin
      process.standardOutput = pipe(\.stdout)
      process.standardError = pipe(\.stderr)
      try process.run()
      return stdin
    }
    stdin.fileHandleForWriting.write(Data(input.utf8))
    try stdin.fileHandleForWriting.close()
  }

  private func pipe(_ part: any WritableKeyPath<Gathered, Data> & Sendable) -> Pipe {
    let pipe = Pipe()
    pipe.fileHandleForReading.readabilityHandler = { [self] handle in
      let data = handle.availableData
      gathered.withLock {
        if data.isEmpty { $0.open -= 1 } else { $0[keyPath: part].append(data) }
      }
      if data.isEmpty { handle.readabilityHandler = nil }
      changed.signal()
    }
    return pipe
  }

  var pid: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }
  /// From its start to its end; its output may come later.
  var lasted: Duration { gathered.withLock { $0.ended ?? .now } - started }
  var stdout: String { String(decoding: gathered.withLock { $0.stdout }, as: UTF8.self) }
  var stderr: String { String(decoding: gathered.withLock { $0.stderr }, as: UTF8.self) }

  func send(_ signal: Int32) { kill(pid, signal) }

  /// Ends a program that a test is through with.
  func end() {
    send(SIGKILL)
    _ = wait()
  }

  /// Waits for a worker whose run has finished. One that came too late to be told so waits for a
  /// coordinator, and is told to go.
  func leave() -> Int32 {
    if ended.wait(timeout: .now() + 5) == .success { ended.signal() } else { send(SIGTERM) }
    return wait()
  }

  /// Waits for the end of the program and of its output. One that does not end in seven minutes is
  /// killed, so that its test fails instead of waiting for ever.
  func wait() -> Int32 {
    if ended.wait(timeout: .now() + 420) == .timedOut {
      send(SIGKILL)
      ended.wait()
    }
    ended.signal()
    while gathered.withLock({ $0.open > 0 }), changed.wait(timeout: .now() + 30) == .success {}
    return process.terminationReason == .uncaughtSignal
      ? 128 + process.terminationStatus : process.terminationStatus
  }

  /// Waits until the text was written to stderr.
  ///
  /// - Returns: false when the program ended or a minute passed without it.
  func waitForError(_ text: String) -> Bool {
    let deadline = DispatchTime.now() + 60
    while !stderr.contains(text) {
      guard changed.wait(timeout: deadline) == .success else { return false }
      if gathered.withLock({ $0.open == 0 }) { return stderr.contains(text) }
    }
    return true
  }
}

/// A folder that goes away with its owner.
final class Scratch {
  let path: String

  init() throws {
    path = "\(NSTemporaryDirectory())modeltree-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
  }
}

/// Waits for a condition on files, which nothing announces; polls often and gives up after a minute.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<12_000 {
    if try condition() { return true }
    usleep(5_000)
  }
  return false
}
