internal import Core
package import Foundation
package import System

/// A `PoolStatus` as JSON: `status.json`, `/status.json` and the answer to an onlooker alike.
///
/// Names in snake_case, times in ISO 8601 with milliseconds, keys sorted, every number finite.
package enum StatusJSON {
  package static func encode(_ status: PoolStatus) -> String { text(of: status.finite) }

  /// Anything that holds a status, in the same form; its numbers must be finite.
  package static func text(of value: some Encodable, style: JSONText.Style = []) -> String {
    JSONText.of(value, style: style.union(.snakeCase), dates: text(of:))
  }

  /// - Parameter source: where it came from, for the error.
  /// - Throws: `Failure` (bad input): not a status, or one of a newer format.
  package static func decode(_ json: Data, from source: String) throws(Failure) -> PoolStatus {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.dateDecodingStrategy = .custom { decoder in
      let value = try decoder.singleValueContainer()
      return try Date(try value.decode(String.self), strategy: style)
    }
    if let head = try? decoder.decode(Head.self, from: json), head.format > PoolStatus.currentFormat {
      throw .badInput(
        "'\(source.printable)' has a status of format \(head.format), this program knows \(PoolStatus.currentFormat)",
        advice:
          "look at it with the modeltree that runs the coordinator (\((head.software ?? "a newer one").printable))")
    }
    let status: PoolStatus
    do {
      status = try decoder.decode(PoolStatus.self, from: json)
    } catch {
      let reason = (error as? DecodingError)?.reason ?? "it is not what it should be"
      throw unreadable(source, reason)
    }
    if let problem = status.outOfBounds { throw unreadable(source, problem) }
    return status
  }

  private static func unreadable(_ source: String, _ reason: String) -> Failure {
    .badInput(
      "'\(source.printable)' has no status that can be read: \(reason)",
      advice: "check that it was written by a coordinator of this version")
  }

  /// What every format has.
  private struct Head: Decodable {
    var format: Int
    var software: String?
  }

  private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  /// Rounded to the millisecond; the style alone would cut.
  @Sendable private static func text(of date: Date) -> String {
    let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
    return Date(timeIntervalSince1970: (milliseconds + 0.1) / 1000).formatted(style)
  }
}

extension PoolStatus {
  /// The status with 0 for every number that JSON does not have, and no time left where it is not known.
  var finite: PoolStatus {
    var status = self
    status.bytesPerSecond = bytesPerSecond.finite
    status.secondsLeft = secondsLeft.flatMap { $0.isFinite ? $0 : nil }
    for index in history.indices {
      status.history[index].seconds = history[index].seconds.finite
      status.history[index].bytesPerSecond = history[index].bytesPerSecond.finite
    }
    for index in slowestFiles.indices { status.slowestFiles[index].seconds = slowestFiles[index].seconds.finite }
    status.workers = workers.map { worker in
      var worker = worker
      worker.bytesPerSecond = worker.bytesPerSecond.finite
      worker.secondsSinceHeard = worker.secondsSinceHeard.finite
      for index in worker.shards.indices { worker.shards[index].seconds = worker.shards[index].seconds.finite }
      return worker
    }
    for (index, job) in jobs.enumerated() {
      guard let tree = job.tree else { continue }
      for (number, family) in tree.families.enumerated() {
        for edge in family.edges.indices {
          status.jobs[index].tree?.families[number].edges[edge].support = family.edges[edge].support.finite
        }
      }
    }
    return status
  }
}

extension Double {
  fileprivate var finite: Double { isFinite ? self : 0 }
}
