import ArgumentParser
import Coordination
import Core
import Transport

struct CoordinateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coordinate",
    abstract: "Recovers the trees of a collection, with workers that connect from anywhere.",
    discussion: """
      Workers may join and leave at any time. They must see the model files and the run directory \
      under the same paths.

      Example, in two terminals:
        modeltree coordinate models/ --out run --listen tcp://127.0.0.1:5555
        modeltree-worker --connect tcp://127.0.0.1:5555
      """)

  @OptionGroup var options: RecoveryOptions
  @OptionGroup(title: "Workers") var workers: ListenArguments

  func run() throws {
    try reporting { () throws(Failure) in
      try Endpoint.check(workers.listen, insecure: workers.insecure)
      let directory = try RunDirectory(path: options.out, redo: options.redo)
      try Recovery(Invocation(options), directory: directory, listening: .endpoint(workers.listen)).run()
    }
  }
}
