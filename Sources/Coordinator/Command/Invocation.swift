import Core
import Foundation
import Lineage
import System

/// What a run was asked for; kept in its journal so that `resume` can go on.
struct Invocation: Codable, Equatable {
  /// Absolute paths.
  var inputs: [String]
  var lineage: LineageOptions
  var truth: String?
  /// A file of hints, or `auto`.
  var hints: String?

  static let setting = "invocation"

  init(_ options: RecoveryOptions) {
    inputs = options.inputs.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
    lineage = options.lineage.options
    hints = options.hints.map {
      $0 == HintSource.auto ? $0 : URL(fileURLWithPath: $0).standardizedFileURL.path
    }
    truth = options.truth.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
  }

  init(inputs: [String], lineage: LineageOptions) {
    self.inputs = inputs
    self.lineage = lineage
  }

  init(json: String) throws(Failure) {
    do {
      self = try JSONDecoder().decode(Invocation.self, from: Data(json.utf8))
    } catch {
      throw .badInput("the journal's record of the command cannot be read", advice: "start over with --redo")
    }
  }

  var json: String { JSONText.of(self) }
}
