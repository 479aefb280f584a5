import Fingerprints
import Foundation
import MadeFingerprints
import Registry
import System
import TestSeed

/// How long a scan searches a registry of made-up models: `registry-bench MODELS [WIDTH] [FOLDER]`.
///
/// Families of twenty models of one architecture. The registry stays in the folder and is used again. Prints a line of JSON for each scan.
@main
enum RegistryBench {
  private static let familySize = 20

  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let models = arguments.first.flatMap { Int($0) } ?? 10_000
    let width = arguments.dropFirst().first.flatMap { Int($0) } ?? 256
    let folder = arguments.dropFirst(2).first ?? FileManager.default.temporaryDirectory.path
    let path = "\(folder)/registry-\(models)-\(width)"
    if !FileManager.default.fileExists(atPath: path) { try make(models, width, path) }
    var (known, maker) = (Self.maker(seed: 1, width), Self.maker(seed: 99, width))
    let relative = maker.child(of: known.stranger(), step: step)
    for (what, model) in [("child of the first", relative), ("stranger", maker.stranger())] {
      for run in 1...2 {
        let started = ContinuousClock.now
        let answer = try RegistryScan(path, top: 5).run(
          model, suspect: MadeFingerprints.entry("suspect", model, path: "/suspect"))
        let row = Row(
          models: models, bytes: FingerprintCodec.encode(model).count, what: what, run: run,
          seconds: (ContinuousClock.now - started) / .seconds(1), verdict: answer.verdict.rawValue,
          first: answer.parents.first?.model.id, peak_bytes: ResidentMemory.peakBytes)
        print(JSONText.of(row))
      }
    }
  }

  private static let step = 0.05

  private static func maker(seed: UInt64, _ width: Int) -> MadeFingerprints {
    var maker = MadeFingerprints(Seeded(seed))
    maker.layers = 2
    maker.width = width
    maker.tokens = 4 * width
    return maker
  }

  private static func make(_ models: Int, _ width: Int, _ path: String) throws {
    let writer = try RegistryWriter(path)
    var maker = maker(seed: 1, width)
    var root = maker.stranger()
    for number in 0..<models {
      if number > 0, number % familySize == 0 { root = maker.stranger() }
      let model = number % familySize == 0 ? root : maker.child(of: root, step: step)
      try writer.add(MadeFingerprints.entry("model-\(number)", model), model)
    }
  }

  private struct Row: Encodable {
    var models: Int
    /// Of the fingerprint that is searched for; the others are about as long.
    var bytes: Int
    var what: String
    var run: Int
    var seconds: Double
    var verdict: String
    var first: String?
    var peak_bytes: Int
  }
}
