public import ArgumentParser
public import Core
import Foundation
import Logging

@main
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "modeltree-worker",
    abstract: "Compares weights for a modeltree coordinator.",
    discussion: """
      Connects to a coordinator, asks for shards, streams the weights they name and sends back \
      their sums. Workers may join and leave at any time. The model files must be visible under \
      the same paths as on the coordinator's host.

      Example, two threads with 2 GiB between them:
        modeltree-worker --connect tcp://head:5555 --threads 2 --memory 2GiB
      """,
    version: Version.software)

  @Option(help: "The coordinator's endpoint, as tcp://HOST:5555 or ipc:///path.")
  var connect: String

  @Option(help: "Memory for blocks of weights and their sums, all threads together.")
  var memory: ByteCount = ByteCount(bytes: 1_000_000_000)

  @Option(help: "Shards computed at the same time; by default one per processor.")
  var threads: Int = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: "Seconds to wait for a coordinator that does not answer, before leaving.")
  var patience: Int = 600

  @Option(help: .hidden)
  var parent: Int32?

  func validate() throws {
    guard threads >= 1 else { throw ValidationError("--threads must be at least 1, got \(threads)") }
    guard patience >= 1 else {
      throw ValidationError("--patience must be at least 1 second, got \(patience)")
    }
  }

  func run() throws {
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    var logger = Logger(label: "modeltree.worker")
    logger[metadataKey: "worker.process"] = "\(ProcessInfo.processInfo.processIdentifier)"
    do throws(Failure) {
      let worker = Worker(
        endpoint: connect, memoryBytes: memory.bytes, threads: threads, patience: .seconds(patience),
        parent: parent, logger: logger)
      try worker.run()
    } catch {
      FileHandle.standardError.write(Data("modeltree-worker: \(error)\n".utf8))
      throw ExitCode(error.exitCode)
    }
  }
}

extension ByteCount: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
  public var defaultValueDescription: String { description }
}
