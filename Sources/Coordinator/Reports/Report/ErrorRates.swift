internal import Foundation
internal import System

/// How often edges were right by the support that was reported with them, on collections with known trees: the table of
/// docs/accuracy.md as data. `zoo/accuracy.py` writes both.
package struct ErrorRates: Codable, Sendable, Equatable {
  package struct Bin: Codable, Sendable, Equatable {
    /// In percent; the upper end belongs to the bin only at 100.
    package var from: Int
    package var to: Int
    package var edges: Int
    package var right: Int

    /// Between which shares of right edges the truth lies, with 95 % confidence (Wilson 1927).
    package var interval: ClosedRange<Double> {
      guard edges > 0 else { return 0...1 }
      let (n, z) = (Double(edges), 1.959964)
      let p = Double(right) / n
      let middle = (p + z * z / (2 * n)) / (1 + z * z / n)
      let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
      return max(0, middle - half)...min(1, middle + half)
    }
  }

  /// With known trees.
  package var collections: Int
  package var bins: [Bin]

  /// Of the versions of this program that were measured last.
  package static let measured: ErrorRates = {
    // The file is part of the program, and a test reads it.
    (try? JSONDecoder().decode(Self.self, from: Data(PackageResources.error_rates_json)))
      ?? ErrorRates(collections: 0, bins: [])
  }()

  /// - Parameter support: 0...1.
  func bin(of support: Double) -> Bin? {
    let percent = support * 100
    return bins.first { Double($0.from) <= percent && (percent < Double($0.to) || $0.to == 100) }
  }

  /// What experience says of an edge with this support; nil where nothing was measured.
  package func sentence(_ support: Double) -> String? {
    guard let bin = bin(of: support), bin.edges > 0 else { return nil }
    let range = bin.interval
    let low = AnswerText.percent(range.lowerBound)
    let high = AnswerText.percent(range.upperBound)
    return
      "of \(bin.edges) edges reported with \(bin.from) to \(bin.to) % on \(collections) collections with known trees, \(bin.right) were right (95 % confidence: \(low) to \(high))"
  }

  var table: [[String]] {
    [["support", "edges", "right", "95 % confidence"]]
      + bins.map { bin in
        [
          "\(bin.from) to \(bin.to) %", "\(bin.edges)",
          "\(bin.right) (\(AnswerText.percent(Double(bin.right) / Double(max(1, bin.edges)))))",
          "\(AnswerText.percent(bin.interval.lowerBound)) to \(AnswerText.percent(bin.interval.upperBound))",
        ]
      }
  }
}
