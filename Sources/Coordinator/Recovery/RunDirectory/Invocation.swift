internal import Checkpoints
internal import Core
internal import Foundation
package import Lineage
package import System

/// What a run was asked for; kept in its journal so that `resume` needs no options.
package struct Invocation: Codable, Equatable, Sendable {
  /// Absolute paths.
  package var inputs: [String]
  package var lineage: LineageOptions
  /// Absolute path of a truth file.
  package var truth: String?
  /// Absolute path of a file of hints, or `auto`.
  package var hints: String?
  /// true when the SHA-256 of all files was asked for, else nil.
  package var hashes: Bool?
  /// false when models in other coordinates are not looked for, else nil.
  package var align: Bool?
  /// Which pairs are compared; nil: all, unless these are too many.
  package var pairs: PairChoice?
  /// Absolute path of the registry of fingerprints; nil: the run directory's own, where one is needed.
  package var registry: String?

  /// Where the journal keeps it.
  package static let setting = "invocation"

  /// - Parameters:
  ///   - inputs, truth, hints, registry: paths as they were given; made absolute.
  package init(
    inputs: [String], lineage: LineageOptions, truth: String? = nil, hints: String? = nil, hashes: Bool = false,
    align: Bool = true, pairs: PairChoice = .auto, registry: String? = nil
  ) {
    func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
    // A hub's name for a model is not a place on this disk, and is told as it was given.
    self.inputs = inputs.map { path in
      HubName(path) != nil && !FileManager.default.fileExists(atPath: path) ? path : absolute(path)
    }
    self.lineage = lineage
    self.truth = truth.map(absolute)
    self.hints = hints.map { $0 == HintSource.auto ? $0 : absolute($0) }
    self.hashes = hashes ? true : nil
    self.align = align ? nil : false
    self.pairs = pairs == .auto ? nil : pairs
    self.registry = registry.map(absolute)
  }

  /// - Parameter journal: path of the journal that has the text.
  /// - Throws: `Failure` (bad input) that names the journal and the setting when the text is not what `json` gives.
  package init(json: String, from journal: String) throws(Failure) {
    do {
      self = try JSONDecoder().decode(Invocation.self, from: Data(json.utf8))
    } catch {
      let reason = (error as? DecodingError)?.reason ?? "it is not JSON"
      throw .badInput(
        "the journal '\(journal.printable)' does not say what the run was asked for: \(reason)",
        advice: "restore the run directory from a copy, or start over: modeltree recover with --redo")
    }
  }

  package var json: String { JSONText.of(self) }
}
