import Checkpoints
import Core
import Foundation
import Planning
import System
import Testing

/// A run is resumed with the same inputs and options, or the difference is named.
struct RunIdentityTests {
  private func identity(
    _ models: [ModelRecord] = [record("a", [("w", [2, 2])]), record("b", [("w", [2, 2])])],
    _ statistics: Statistics = [], samples: [String]? = nil
  ) -> RunIdentity {
    RunIdentity(
      plan: Plan(models: models, statistics: statistics), statistics: statistics,
      samples: samples ?? models.map { _ in "0" })
  }

  /// The only difference, which must show both values.
  private func difference(_ ours: RunIdentity, _ theirs: RunIdentity, _ part: String) throws -> String {
    let lines = ours.differences(from: theirs)
    #expect(lines.count == 1, "\(lines)")
    #expect(ours.text != theirs.text)
    let line = try #require(lines.first)
    #expect(line.hasPrefix("\(part): the run has \(theirs.parts[part] ?? "absent")"))
    #expect(line.hasSuffix("this command gives \(ours.parts[part] ?? "absent")"))
    return line
  }

  @Test func sameInputsGiveTheSameIdentity() {
    #expect(identity() == identity())
    #expect(identity().differences(from: identity()).isEmpty)
    #expect(identity().text.count == 64)
  }

  @Test func otherStatisticsAreNamed() throws {
    #expect(try difference(identity(), identity(statistics: .l1), "statistics").contains("the run has 1"))
  }

  private func identity(statistics: Statistics) -> RunIdentity {
    identity([record("a", [("w", [2, 2])]), record("b", [("w", [2, 2])])], statistics)
  }

  @Test func weightsOfAnotherSizeAreNamed() throws {
    let other = identity([record("a", [("w", [2, 2])]), record("b", [("w", [2, 2])], bytes: 101)])
    let line = try difference(identity(), other, "model 'b'")
    #expect(line.contains("101 bytes") && line.contains("100 bytes"))
  }

  @Test func weightsOfAnotherTimeAreNamed() throws {
    let other = identity([record("a", [("w", [2, 2])], modified: 2), record("b", [("w", [2, 2])])])
    _ = try difference(identity(), other, "model 'a'")
  }

  @Test func otherWeightsInTheSameFileAreNamed() throws {
    let line = try difference(identity(samples: ["0", "0"]), identity(samples: ["0", "1"]), "model 'b'")
    #expect(line.contains("weights 0") && line.contains("weights 1"))
  }

  @Test func otherTensorsAreNamed() {
    let other = identity([record("a", [("w", [4])]), record("b", [("w", [2, 2])])])
    #expect(identity().differences(from: other).contains { $0.hasPrefix("model 'a': ") })
  }

  @Test func anotherOrderIsNamed() throws {
    let turned = identity([record("b", [("w", [2, 2])]), record("a", [("w", [2, 2])])])
    _ = try difference(identity(), turned, "order of models")
  }

  @Test func anotherModelIsNamedAsAbsent() {
    let more = identity([
      record("a", [("w", [2, 2])]), record("b", [("w", [2, 2])]), record("c", [("w", [2, 2])]),
    ])
    let lines = identity().differences(from: more)
    #expect(lines.contains { $0.hasPrefix("model 'c': the run has 1 file") && $0.hasSuffix("gives absent") })
    #expect(
      more.differences(from: identity()).contains { $0.hasPrefix("model 'c': the run has absent") })
  }

  @Test func identitySurvivesItsWayThroughAFile() throws {
    let data = try JSONEncoder().encode(identity())
    #expect(try JSONDecoder().decode(RunIdentity.self, from: data) == identity())
  }

  @Test func namesInDifferencesCannotDriveTheTerminal() throws {
    let other = identity([record("a", [("w", [2, 2])]), record("\u{1b}[2J", [("w", [2, 2])])])
    for line in identity().differences(from: other) { #expect(!line.unicodeScalars.contains("\u{1b}")) }
    var made = identity()
    made.parts["statistics"] = "\u{1b}[2J" + String(repeating: "x", count: 1_000_000)
    for line in identity().differences(from: made) {
      #expect(!line.unicodeScalars.contains("\u{1b}") && line.count < 2000)
    }
  }
}
