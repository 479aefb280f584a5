import ArgumentParser
import Core
import Printing
import System
import Transport

struct KeygenCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "keygen",
    abstract: "Makes the keys with which a coordinator and its workers authenticate each other.",
    discussion: """
      The folder gets the coordinator's key, a key for each worker and the list of workers that may \
      connect. Only their owner can read the files. Copy NAME.key to the worker's host over a channel \
      that you trust; the coordinator's key stays where it is. Workers may share a key, but then they can \
      only be revoked together.

      Examples:
        modeltree keygen keys                                  # coordinator and one worker
        modeltree keygen keys --worker node-7 --worker node-8  # more workers
        modeltree keygen keys --revoke node-7                  # takes effect at once, even during a run
        modeltree coordinate models/ --out run --listen tcp://0.0.0.0:5555 --keys keys
        modeltree-worker --connect tcp://head:5555 --key keys/worker.key
      """)

  @Argument(help: ArgumentHelp("The folder of the keys; created if it does not exist.", valueName: "dir"))
  var path: String

  @Option(help: ArgumentHelp("Make a key for a worker of this name.", valueName: "name"))
  var worker: [String] = []

  @Option(help: ArgumentHelp("Revoke the key of the worker of this name.", valueName: "name"))
  var revoke: [String] = []
  @OptionGroup var messages: MessageArguments

  func run() throws {
    try reporting { () throws(Failure) in
      let folder = KeyFolder(path: path)
      for name in revoke {
        try folder.revoke(name)
        Console.say("revoked '\(name)'; \(folder.allowed) no longer lists it")
      }
      guard revoke.isEmpty || !worker.isEmpty else { return }
      if worker.isEmpty || !folder.holdsKeys { try folder.makeCoordinator() }
      for name in worker.isEmpty ? ["worker"] : worker {
        try folder.addWorker(name)
        Console.result("\(folder.worker(name))\n")
      }
    }
  }
}
