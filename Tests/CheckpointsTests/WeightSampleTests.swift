import Checkpoints
import Core
import System
import TestSupport
import Testing

/// The sample notices other weights from the first byte to the last, and costs the same for any size.
@Suite struct WeightSampleTests {
  @Test func otherWeightsAtEitherEndGiveAnotherFingerprint() throws {
    let folder = try TemporaryFolder()
    var random = SeededRandom(3)
    for size in [3, 5000, 200_000] {
      let tensors = [TestTensor.random("w", .f32, [size], using: &random)]
      let path = try folder.write(tensors, to: "m\(size).safetensors")
      let record = try Models.importOne(path, into: folder.at("stores"))
      let before = try WeightSample.fingerprints(of: [record])
      #expect(try WeightSample.fingerprints(of: [record]) == before)
      let good = try folder.read("m\(size).safetensors")
      for place in [good.count - 4 * size, good.count - 1] {
        var bytes = good
        bytes[place] ^= 1
        try folder.write(bytes, to: "m\(size).safetensors")
        #expect(try WeightSample.fingerprints(of: [record]) != before, "\(size) weights, byte \(place)")
      }
    }
  }

  @Test func aFileThatWasCutOffIsNamed() throws {
    let folder = try TemporaryFolder()
    var random = SeededRandom(3)
    let path = try folder.write(
      [TestTensor.random("w", .f32, [50_000], using: &random)], to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    try folder.truncate("m.safetensors", to: 100_000)
    let found = try #require(failure { _ = try WeightSample.fingerprints(of: [record]) })
    #expect(found.message.contains("m.safetensors") && found.message.contains("100000"))
  }
}
