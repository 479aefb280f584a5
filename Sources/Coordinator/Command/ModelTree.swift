import ArgumentParser
import Core
import Foundation
import Printing
import System

@main
struct ModelTree: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "modeltree",
    abstract: "Recovers the family tree of neural networks from their weights.",
    discussion: """
      Finds out which model of a folder descends from which. Families follow from the distances between \
      weights, directions from the traces that training leaves, and trees are minimum directed spanning \
      trees.

      Example, everything on this machine:
        modeltree recover models/ --out run
      """,
    version: BuildFacts.text,
    subcommands: [
      RecoverCommand.self, CoordinateCommand.self, BatchCommand.self, ResumeCommand.self, PlanCommand.self,
      ImportCommand.self, StatusCommand.self, TreeCommand.self, EvaluateCommand.self,
      ReportCommand.self, WhyCommand.self, PathCommand.self, AncestorCommand.self, CompareCommand.self,
      VerifyCommand.self, QueryCommand.self,
      FingerprintCommand.self, ScanCommand.self, RegistryCommand.self, DiffCommand.self,
      KeygenCommand.self,
    ])
}

/// A command that does something.
protocol ModelTreeCommand: ParsableCommand {
  var messages: MessageArguments { get }
}

extension ModelTreeCommand {
  /// Runs the body; a failure becomes its message on stderr and its exit code.
  func reporting(_ body: () throws(Failure) -> Void) throws {
    messages.apply()
    do throws(Failure) {
      try body()
    } catch {
      Console.error("modeltree: \(error)")
      throw ExitCode(error.exitCode)
    }
  }
}
