import ArgumentParser
import Checkpoints
import Core
import Printing
import Recovery
import Storage
import System

struct ImportCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Makes one HDF5 store per model.",
    discussion: """
      By default the stores point into the original files, which takes milliseconds and no disk \
      space; h5py opens them. Changes of the original files are noticed later.

      Example:
        modeltree import models/llama-7b models/alpaca-7b --store stores
      """)

  @Argument(help: ArgumentHelp("As for recover.", valueName: "model"), completion: .file())
  var inputs: [String]

  @Option(help: ArgumentHelp("Folder for the stores; created if it does not exist.", valueName: "dir"))
  var store: String

  @Flag(help: "Copy the weights, so that the stores do not depend on other files.")
  var copy = false
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var messages: MessageArguments

  private struct Line: Encodable {
    var model: String
    var store: String
    var tensors: Int
    var bytes: Int
    var skipped: Int
  }

  func run() throws {
    try reporting { () throws(Failure) in
      let collection = try CollectionLoader(stores: store, mode: copy ? .copy : .external).load(inputs)
      for note in collection.notes { Console.show(.note(note)) }
      if json {
        let lines = collection.models.map {
          Line(
            model: $0.id, store: $0.store, tensors: $0.tensors.count, bytes: $0.bytes, skipped: $0.setAside.count)
        }
        Console.result(JSONText.answer(lines))
      }
      for record in collection.models where !json {
        let skipped = record.setAside.isEmpty ? "" : ", \(record.setAside.count) skipped"
        Console.result(
          "\(record.store.printable)  \(counted(record.tensors.count, "tensor")), \(ByteCount(bytes: record.bytes))\(skipped)\n"
        )
      }
      guard !collection.models.isEmpty else {
        throw .badInput("nothing could be imported", advice: "see the notes above")
      }
    }
  }
}
