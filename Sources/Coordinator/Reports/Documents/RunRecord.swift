package import Core
internal import Foundation
package import Graph
package import Lineage
package import System

/// `run.json`: what was asked, on what, with which program, and what it took.
package struct RunRecord: Codable, Sendable {
  /// A model as it was read.
  package struct Input: Codable, Sendable {
    package var id: String
    package var path: String
    package var files: [String]
    package var bytes: Int
    /// The files as they were; nil in records of versions before 0.2.
    package var sources: [Source]?

    package init(id: String, path: String, files: [String], bytes: Int, sources: [Source]) {
      self.id = id
      self.path = path
      self.files = files
      self.bytes = bytes
      self.sources = sources
    }
  }

  /// A file of weights, and what it looked like.
  package struct Source: Codable, Sendable, Equatable {
    package var path: String
    package var bytes: Int
    /// Nanoseconds since 1970.
    package var modified: Int
    /// Fingerprint of what says where the weights are.
    package var header: String
    /// 64 hexadecimal digits; nil unless the run was asked for it.
    package var sha256: String?

    package init(path: String, bytes: Int, modified: Int, header: String, sha256: String? = nil) {
      self.path = path
      self.bytes = bytes
      self.modified = modified
      self.header = header
      self.sha256 = sha256
    }
  }

  package var software = Version.software
  /// ISO 8601.
  package var started: String
  package var host = ProcessInfo.processInfo.hostName
  package var processors = ProcessInfo.processInfo.activeProcessorCount
  package var system = ProcessInfo.processInfo.operatingSystemVersionString
  package var inputs: [String]
  package var options: LineageOptions
  package var models: [Input] = []
  package var notes: [Note] = []
  package var tensors = 0
  package var shards = 0
  /// Shards that were finished before this session.
  package var shardsReused = 0
  package var bytesOfWeights = 0
  package var bytesRead = 0
  /// 1 when every weight was read once.
  package var readRatio = 0.0
  /// Seconds that workers spent on shards, all together.
  package var workerSeconds = 0.0
  /// Processor time of the thread that gives out shards and takes in their sums.
  package var servingSeconds = 0.0
  package var secondsByPhase: [String: Double] = [:]
  /// Processor time of this process alone, without the workers'.
  package var processorSecondsByPhase: [String: Double] = [:]
  package var seconds = 0.0
  /// Workers whose sums two others contradicted; only with --verify.
  package var disputes: [String] = []
  package var evaluation: Evaluation?
  /// What the run wrote beside this record; nil in records of versions that did not keep it.
  package var results: [ResultFile]?

  /// - Parameter started: ISO 8601.
  package init(inputs: [String], options: LineageOptions, started: String) {
    self.inputs = inputs
    self.options = options
    self.started = started
  }

  package static let fileName = "run.json"
  private static let mostBytes = 256 << 20

  /// Reads what `json` gives.
  ///
  /// - Throws: `Failure` (bad input): missing, not a run's record, or with numbers that cannot be.
  package init(path: String) throws(Failure) {
    do {
      self = try Self.decode(path)
    } catch {
      throw Self.unreadable(path, error)
    }
    let counts = [processors, tensors, shards, shardsReused, bytesOfWeights, bytesRead] + models.map(\.bytes)
    guard counts.allSatisfy({ $0 >= 0 }), seconds.isFinite, seconds >= 0 else {
      throw .badInput("'\(path.printable)' has a number below 0, expected counts and bytes", advice: Self.advice)
    }
    try Self.check(results ?? [], path)
  }

  /// The files that a run lists, and nothing else of its record; none where there is no record, or one of a version
  /// that listed none.
  ///
  /// - Throws: `Failure` (bad input) when there is a record that cannot be read.
  static func results(of run: String) throws(Failure) -> [ResultFile] {
    struct Listed: Decodable { var results: [ResultFile]? }
    let path = "\(run)/\(fileName)"
    do {
      let listed: Listed = try decode(path)
      let results = listed.results ?? []
      try check(results, path)
      return results
    } catch let failure as Failure {
      throw failure
    } catch BoundedFile.Problem.missing {
      return []
    } catch {
      throw unreadable(path, error)
    }
  }

  private static let mostResults = 64

  /// A stranger's record must not have other files read, nor the same one again and again.
  private static func check(_ results: [ResultFile], _ path: String) throws(Failure) {
    let names = results.map(\.name)
    guard names.count <= mostResults, Set(names).count == names.count, !names.contains(where: { $0.contains("/") })
    else {
      throw .badInput(
        "'\(path.printable)' lists results that no run has, expected the names of at most \(mostResults) files beside it",
        advice: advice)
    }
  }

  private static func decode<Record: Decodable>(_ path: String) throws -> Record {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Record.self, from: BoundedFile.read(path, limit: mostBytes))
  }

  private static func unreadable(_ path: String, _ error: any Error) -> Failure {
    .badInput("'\(path.printable)' cannot be read: \((error as? DecodingError)?.reason ?? "\(error)")", advice: advice)
  }

  private static let advice = "name the run directory of a finished run; 'modeltree resume' finishes one"

  /// As `run.json` holds it.
  package var json: String { JSONText.answer(self) }
}
