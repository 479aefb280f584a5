import ArgumentParser
import Core
import Foundation
import Printing
import Registry
import System

struct RegistryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "registry",
    abstract: "Lists, checks, merges and exports registries of fingerprints.",
    subcommands: [List.self, Check.self, Merge.self, Export.self])

  struct Folder: ParsableArguments {
    @Argument(help: ArgumentHelp("Folder that 'modeltree fingerprint' made.", valueName: "dir")) var path: String
  }

  struct List: ModelTreeCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the models of a registry.")
    @OptionGroup var folder: Folder
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var messages: MessageArguments

    func run() throws {
      try reporting { () throws(Failure) in
        let list = try RegistryList(folder.path)
        Console.result(json ? list.json : list.text)
      }
    }
  }

  struct Check: ModelTreeCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reads a whole registry and checks that it is as it was written.",
      discussion: "Ends with 65 when something is damaged.")
    @OptionGroup var folder: Folder
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var messages: MessageArguments

    func run() throws {
      try reporting { () throws(Failure) in
        let check = try RegistryCheck(folder.path)
        Console.result(json ? check.json : check.text)
        guard check.isSound else {
          throw .badInput(
            "the registry '\(folder.path.printable)' is damaged",
            advice: "put the segments back from a copy, or fingerprint their models again into another registry")
        }
      }
    }
  }

  struct Merge: ModelTreeCommand {
    static let configuration = CommandConfiguration(
      abstract: "Adds the models of some registries to another one.",
      discussion: """
        Models with the same name and the same weights are added once.

        Example:
          modeltree registry merge hub-a hub-b --out all
        """)
    @Argument(help: ArgumentHelp("Registries; they are not changed.", valueName: "dir")) var paths: [String]
    @Option(help: ArgumentHelp("The registry to add them to; created if it does not exist.", valueName: "dir"))
    var out: String
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var messages: MessageArguments

    private struct Answer: Encodable {
      var registry: String
      var added: Int
      var known: Int
      /// Entries that could not be read, with the reason.
      var damaged: [String]
    }

    func run() throws {
      try reporting { () throws(Failure) in
        let merged = try RegistryMerge(paths, into: out)
        if json {
          let answer = Answer(registry: out, added: merged.added, known: merged.known, damaged: merged.damaged)
          return Console.result(JSONText.answer(answer))
        }
        for problem in merged.damaged { Console.error("not read: \(problem)") }
        Console.result(
          "\(out.printable): \(counted(merged.added, "model")) added, \(merged.known) known already\n")
      }
    }
  }

  struct Export: ModelTreeCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case hdf5, csv, json }

    static let configuration = CommandConfiguration(
      abstract: "Writes the models of a registry for other programs.",
      discussion: """
        csv and json have one entry for each model, hdf5 all fingerprints with their samples.

        Examples:
          modeltree registry export known --format csv > known.csv
          modeltree registry export known --format hdf5 --out known.h5
        """)
    @OptionGroup var folder: Folder
    @Option(help: "Format of the output.") var format: Format = .csv
    @Option(help: ArgumentHelp("File to write; needed for hdf5, else stdout.", valueName: "file")) var out: String?
    @OptionGroup var messages: MessageArguments

    func validate() throws {
      if format == .hdf5, out == nil { throw ValidationError("--format hdf5 needs --out, the file to write") }
    }

    func run() throws {
      try reporting { () throws(Failure) in
        if format == .hdf5, let out {
          let count = try RegistryExport.hdf5(folder.path, to: out)
          return Console.say("\(out.printable): \(counted(count, "model"))")
        }
        let list = try RegistryList(folder.path)
        for problem in list.damaged { Console.error("not read: \(problem)") }
        let text = format == .csv ? list.csv : list.json
        guard let out else { return Console.result(text) }
        try AtomicFile.write(text, to: out)
      }
    }
  }
}
