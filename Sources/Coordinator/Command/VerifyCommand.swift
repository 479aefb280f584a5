import ArgumentParser
import Core
import Printing
import Recovery
import System

struct VerifyCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks that the files of a finished run have not changed.",
    discussion: """
      Compares size, time and header of every file that the run read; with --hashes the SHA-256 too, if the run was made \
      with --hashes. Compares the checksums of the results that the run wrote. Ends with 65 when a file has changed \
      or is missing.

      Example:
        modeltree verify run --hashes
      """)

  @Argument(help: ArgumentHelp("The run directory of a finished run.", valueName: "run"), completion: .directory)
  var path: String
  @Flag(help: "Read all files again and compare their SHA-256.") var hashes = false
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var messages: MessageArguments

  func run() throws {
    try reporting { () throws(Failure) in
      let found = try RunVerification(run: path, hashes: hashes)
      Console.result(json ? found.json : found.text)
      guard found.hasItsSources else {
        throw .badInput(
          "the files of '\(path.printable)' are not those that it read",
          advice: "its findings apply to the files as they were; recover again to use the present ones")
      }
      guard found.hasItsResults else {
        throw .badInput(
          "the results in '\(path.printable)' are not as the run wrote them",
          advice: "make them again from the journal: modeltree resume \(path.printable)")
      }
    }
  }
}
