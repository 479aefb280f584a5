import Alignment
import Checkpoints
import Core
import Naming
import Storage
import System
import TestSupport
import Testing

/// Tensors whose names say nothing are found by their weights.
struct ContentMatchingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func weights(_ seed: UInt64, _ count: Int) -> [Double] {
    var random = SeededRandom(seed)
    return (0..<count).map { _ in random.nextWeight() }
  }

  private func transposed(_ values: [Double], rows: Int, columns: Int) -> [Double] {
    (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } }
  }

  private func plain(_ seed: UInt64, noise: UInt64? = nil) -> [TestTensor] {
    (0..<6).flatMap { layer -> [TestTensor] in
      var values = weights(seed &* 100 &+ UInt64(layer), 24 * 40)
      if let noise {
        values = zip(values, weights(noise &* 100 &+ UInt64(layer), 24 * 40)).map { $0 + 0.2 * $1 }
      }
      return [
        TestTensor("net.layers.\(layer).map.weight", .f32, [24, 40], values),
        TestTensor("net.layers.\(layer).map.bias", .f32, [24], Array(values[..<24])),
      ]
    }
  }

  /// As `plain`, under an exporter's names, every second matrix transposed, in another order.
  private func exported(_ tensors: [TestTensor]) -> [TestTensor] {
    stride(from: tensors.count - 2, through: 0, by: -2).flatMap { place -> [TestTensor] in
      let (matrix, bias) = (tensors[place], tensors[place + 1])
      let isTurned = place % 4 == 0
      return [
        TestTensor(
          "onnx_\(place * 7).weight", .f32, isTurned ? [40, 24] : [24, 40],
          isTurned ? transposed(matrix.values, rows: 24, columns: 40) : matrix.values),
        TestTensor("onnx_\(place * 7).bias", .f32, [24], bias.values),
      ]
    }
  }

  @Test(arguments: [1 as UInt64, 5, 99])
  func aRelativeIsFoundWhateverItsNamesOrderAndAxesAre(_ seed: UInt64) throws {
    let models = try Aligner.aligned(
      Models.make([plain(seed), plain(seed, noise: 7), exported(plain(seed, noise: 8))], in: folder))
    #expect(Set(models.maps[2].tensors) == Set(models.maps[0].tensors))
    for (stored, tensor) in zip(models.models[2].tensors, models.maps[2].tensors) {
      let place = try #require(models.maps[0].tensors.firstIndex(of: tensor))
      let (ours, theirs) = (try stored.values(), try models.models[0].tensors[place].values())
      let product = zip(ours, theirs).reduce(0) { $0 + $1.0 * $1.1 }
      let lengths = [ours, theirs].map { values in values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      #expect(product > 0.9 * lengths[0] * lengths[1], "\(stored.name) is \(tensor.name)")
    }
  }

  @Test func strangersKeepTheirNames() throws {
    let records = try Models.make([plain(1), exported(plain(2))], in: folder)
    let models = try Aligner.aligned(records)
    #expect(models.maps.map(\.tensors) == AlignmentMap.named(records).map(\.tensors))
    #expect(models.models.map(\.tensors) == records.map(\.tensors))
  }
}
