internal import Foundation
internal import System

extension FinishedRun {
  /// What `run.json` says of one model.
  package struct Model: Sendable, Decodable {
    package var id: String
    package var path: String
    package var files: [String]
    package var bytes: Int
  }

  /// `run.json`, as far as people ask for it.
  package struct Record: Sendable, Decodable {
    package var software: String
    package var started: String
    package var host: String
    package var system: String
    package var processors: Int
    package var inputs: [String]
    package var models: [Model]
    package var tensors: Int
    package var shards: Int
    package var bytesOfWeights: Int
    package var bytesRead: Int
    package var seconds: Double
  }
}

extension FinishedRun.Record {
  private static let mostBytes = 256 << 20

  /// - Throws: `Failure` (bad input): missing, not a run's record, or with numbers that cannot be.
  init(path: String) throws(Failure) {
    let advice = "name the run directory of a finished run; 'modeltree resume' finishes one"
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      self = try decoder.decode(Self.self, from: BoundedFile.read(path, limit: Self.mostBytes))
    } catch {
      let reason = (error as? DecodingError)?.reason ?? "\(error)"
      throw .badInput("'\(path.printable)' cannot be read: \(reason)", advice: advice)
    }
    let counts = [processors, tensors, shards, bytesOfWeights, bytesRead] + models.map(\.bytes)
    guard counts.allSatisfy({ $0 >= 0 }), seconds.isFinite, seconds >= 0 else {
      throw .badInput("'\(path.printable)' has a number below 0, expected counts and bytes", advice: advice)
    }
  }
}
