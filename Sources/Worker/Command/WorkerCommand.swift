internal import ArgumentParser
internal import Core
import Foundation
import Glibc
import Logging
package import Logs
import Serving
package import System
import Transport

@main
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "modeltree-worker",
    abstract: "Compares weights for a modeltree coordinator.",
    discussion: """
      Connects to a coordinator, asks for shards, reads the weights that they name and returns \
      their sums. Workers may join and leave at any time. The model files and the run's stores must \
      be visible under the same paths as on the coordinator's host, unless --path-map maps them.

      Example, two threads with 2 GiB between them, and a key from 'modeltree keygen':
        modeltree-worker --connect tcp://head:5555 --key worker.key --threads 2 --memory 2GiB
      The coordinator's /data is mounted at /mnt/data here, and others use the file server too:
        modeltree-worker --connect tcp://head:5555 --key worker.key --path-map /data=/mnt/data \\
          --max-read 500MB/s
      """,
    version: Version.software)

  @Option(help: "The coordinator's endpoint, such as tcp://HOST:5555 or ipc:///path.")
  var connect: String

  @Option(
    help: ArgumentHelp(
      "The key file that 'modeltree keygen' made for this worker.", valueName: "file"))
  var key: String?

  @Flag(help: "Connect beyond this machine without keys: whoever answers is trusted.")
  var insecure = false

  @Option(help: "Memory for blocks of weights and their sums, all threads together.")
  var memory: ByteCount = ByteCount(bytes: 1_000_000_000)

  @Option(help: "Shards computed at the same time; one per processor by default.")
  var threads: Int = ProcessInfo.processInfo.activeProcessorCount

  @Option(
    help: ArgumentHelp(
      "Look for files below TO on this host that the coordinator has below FROM; may be repeated, the longest matching FROM applies.",
      valueName: "FROM=TO"))
  var pathMap: [String] = []

  @Option(
    help: ArgumentHelp(
      "Limit on the bytes read from files per second, all threads together, such as 500MB/s.", valueName: "rate"))
  var maxRead: ByteRate?

  @Option(help: "Seconds to wait for a coordinator that does not answer before giving up.")
  var patience: Int = 600

  @Option(
    help: ArgumentHelp(
      "Format of messages on standard error: text, or json with one object per line.", valueName: "text|json"))
  var logFormat: LogFormat = .text

  @Flag(name: .shortAndLong, help: "Print only errors on standard error.")
  var quiet = false

  @Option(help: .hidden)
  var parent: Int32?

  func validate() throws {
    guard 1...4096 ~= threads else { throw ValidationError("--threads must be between 1 and 4096, got \(threads)") }
    if let maxRead, maxRead.bytesPerSecond < 100_000 {
      throw ValidationError("--max-read must be at least 100 kB/s, got \(maxRead)")
    }
    guard 1...1_000_000_000 ~= patience else {
      throw ValidationError("--patience must be between 1 and 1000000000 seconds, got \(patience)")
    }
  }

  func run() throws {
    // Before anything else: a signal that comes early must not be lost.
    let signals = StopSignals { _ in _exit(0) }
    StandardError.speak(logFormat, as: "modeltree.worker")
    if quiet { StandardError.sayErrorsOnly() }
    LoggingSystem.bootstrap { [logFormat, quiet] in
      JSONLogHandler.standardError($0, in: logFormat, from: quiet ? .error : .info)
    }
    var logger = Logger(label: "modeltree.worker")
    logger[metadataKey: "worker.process"] = "\(ProcessInfo.processInfo.processIdentifier)"
    do throws(Failure) {
      try Endpoint.check(connect, side: .worker, hasKeys: key != nil, insecure: insecure)
      var keys: WorkerKeys?
      if let key { keys = try WorkerKeys(path: key) }
      let options = Worker.Options(
        endpoint: connect, keys: keys, memoryBytes: memory.bytes, threads: threads,
        paths: try PathMap(pathMap), maxRead: maxRead, patience: .seconds(patience), parent: parent)
      let worker = Worker(options, logger: logger)
      let stop = worker.stop
      signals.handle { _ in stop() }
      try worker.run()
    } catch {
      StandardError.say("modeltree-worker: \(error)", level: .error)
      throw ExitCode(error.exitCode)
    }
  }
}

extension ByteRate: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
  package var defaultValueDescription: String { description }
}

extension ByteCount: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
  package var defaultValueDescription: String { description }
}

extension LogFormat: ExpressibleByArgument {}
