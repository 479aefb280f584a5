internal import Foundation
package import System

/// A file that a run wrote into its directory, as it was when the run ended. `run.json` lists them all, so that damage
/// and changes are told from what another version wrote.
package struct ResultFile: Codable, Sendable, Equatable {
  package var name: String
  package var bytes: Int
  /// `Checksum` as 16 hexadecimal digits.
  package var checksum: String

  /// - Throws: `Failure` (cannot write) when the file that was just written cannot be read.
  package init(_ path: String) throws(Failure) {
    do {
      self.init(name: (path as NSString).lastPathComponent, try Checksum.ofFile(path))
    } catch {
      throw .cannotWrite(
        "'\(path.printable)', which was just written, cannot be read: \(error)", advice: "check the disk")
    }
  }

  private init(name: String, _ found: (bytes: Int, checksum: UInt64)) {
    self.name = name
    bytes = found.bytes
    checksum = Fingerprint(value: found.checksum).text
  }

  /// What is wrong with a file of a run.
  package struct Flaw: Sendable, Equatable {
    package var name: String
    /// nil: there is no such file.
    package var found: ResultFile?
    package var expected: ResultFile

    package var reason: String {
      guard let found else { return "it is gone" }
      return
        "it has \(found.bytes) bytes with the checksum \(found.checksum), and \(RunRecord.fileName) says \(expected.bytes) bytes with \(expected.checksum)"
    }
  }

  /// Compares the file with what the run left.
  ///
  /// - Returns: nil when it is as it was.
  /// - Throws: `Failure` (bad input) when there is a file that cannot be read.
  package func flaw(in run: String) throws(Failure) -> Flaw? {
    let path = "\(run)/\(name)"
    do throws(RegularFile.Problem) {
      let now = ResultFile(name: name, try Checksum.ofFile(path))
      return now == self ? nil : Flaw(name: name, found: now, expected: self)
    } catch {
      guard error != .missing else { return Flaw(name: name, found: nil, expected: self) }
      throw .badInput("cannot read '\(path.printable)': \(error)", advice: Self.advice(run))
    }
  }

  /// Checks files of a run before they are read: those that its record lists. A run at work has no record, and the
  /// records of earlier versions list none.
  ///
  /// - Throws: `Failure` (bad input) that names the file, what was found and what was expected.
  static func check(_ names: [String], in run: String) throws(Failure) {
    let known = try RunRecord.results(of: run)
    guard try firstFlaw(known, names, run) != nil else { return }
    // A run that ends just now replaces files and record.
    let now = try RunRecord.results(of: run)
    guard let flaw = try firstFlaw(now, names, run) else { return }
    throw .badInput(
      "'\(run.printable)/\(flaw.name.printable)' is not as the run wrote it: \(flaw.reason.printable)",
      advice: advice(run))
  }

  /// Whoever reads a file that is gone says so.
  private static func firstFlaw(
    _ known: [ResultFile], _ names: [String], _ run: String
  ) throws(Failure) -> Flaw? {
    for file in known where names.contains(file.name) {
      if let flaw = try file.flaw(in: run), flaw.found != nil { return flaw }
    }
    return nil
  }

  private static func advice(_ run: String) -> String {
    "if its models are still in their places, make the results again from the journal: modeltree resume \(run.printable) (what was changed by hand is lost then); otherwise restore the directory from a copy"
  }
}
