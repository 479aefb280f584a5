import Core
import Foundation
import System

/// What `modeltree query` found out.
package struct QueryAnswer: Encodable {
  package struct Candidate: Encodable {
    package var id: String
    package var distance: Double?
    /// |x - y|^2 / (|x|^2 + |y|^2); about 1 for strangers.
    package var relatedness: Double?
    /// The same over the samples alone, by which the candidate was chosen.
    package var sampledRelatedness: Double?
    /// Positive: it came before the new model.
    package var evidence: Double
    package var related: Bool
  }

  package struct Part: Encodable {
    package var id: String
    package var share: Double
  }

  package var model: String
  /// Models of the run that were compared exactly, of how many.
  package var nearestRead: Int
  package var models: Int
  /// Weights of the new model that were held against the run's samples.
  package var sampledWeights: Int
  /// Sampled ratio of the nearest model that was not compared exactly.
  package var nearestUnread: Double?
  /// Families of the run that it is related to, as tree.json counts them; empty: to none.
  package var families: [Int] = []
  package var parent: String?
  package var isRoot = false
  package var children: [String] = []
  package var relation: String?
  package var rank: Int?
  package var support: Double?
  package var directionSupport: Double?
  package var duplicateOf: String?
  package var mixture: [Part] = []
  package var candidates: [Candidate] = []

  package init(model: String, nearestRead: Int, models: Int, sampledWeights: Int) {
    self.model = model
    self.nearestRead = nearestRead
    self.models = models
    self.sampledWeights = sampledWeights
  }

  package var text: String {
    var lines = [verdict]
    if !mixture.isEmpty {
      let parts = mixture.map { "\(percent($0.share)) \($0.id.printable)" }.joined(separator: " + ")
      lines.append("It is a weighted mean: \(parts)")
    }
    if !children.isEmpty {
      lines.append(
        "It would come between: these belong below it now: \(children.map(\.printable).joined(separator: ", "))")
    }
    if families.count > 1 {
      lines.append(
        "It is related to families that the run holds apart: \(families.map(String.init).joined(separator: ", ")). Recover them together."
      )
    }
    if let support, let directionSupport {
      lines.append("support among the compared: \(percent(support)), direction \(percent(directionSupport))")
    }
    if !candidates.isEmpty {
      lines.append("")
      lines.append("compared exactly, the nearest first:")
      for candidate in candidates.prefix(6) {
        let distance = candidate.distance.map { number($0) } ?? "-"
        let ratio = candidate.relatedness.map { number($0) } ?? "-"
        let evidence = candidate.related ? "evidence that it came first \(fixed(candidate.evidence, 1))" : "not related"
        lines.append("  \(candidate.id.printable)  distance \(distance)  ratio \(ratio)  \(evidence)")
      }
    }
    lines.append("")
    lines.append(
      "Exact for \(nearestRead) of the run's \(models) models; they were chosen by \(sampledWeights) sampled weights."
        + (nearestUnread.map { " The nearest of the others is at a sampled ratio of \(number($0)) (strangers: 1)." }
          ?? ""))
    lines.append("The run was not changed.")
    return lines.joined(separator: "\n") + "\n"
  }

  private var verdict: String {
    let name = model.printable
    if nearestRead == 0 {
      return "\(name) shares no linear map (name and shape) with any model of the run: nothing can be said"
    }
    if let duplicateOf { return "\(name) holds the same weights, bit for bit, as \(duplicateOf.printable)" }
    guard let family = families.first else { return "\(name) is related to no model of the run" }
    if isRoot { return "\(name) belongs above the root of family \(family)" }
    let how = rank.map { "\(relation ?? ""), rank \($0)" } ?? relation ?? "relation not decided"
    return "\(name) belongs under \((parent ?? "").printable), in family \(family)  (\(how))"
  }

  private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  /// Four digits that matter.
  private func number(_ value: Double) -> String { String(format: "%.4g", value) }
}
