import Core
import System
import TestSeed
import Testing
import Wire

@Suite struct PartialCodecTests {
  private static let shapes = [SampleShape(rows: 64, columns: 8), SampleShape(rows: 1, columns: 1)]

  @Test(arguments: Samples.statistics)
  func everyBitComesBack(statistics: Statistics) throws {
    var random = Seeded.fresh()
    for (models, samples) in [(2, []), (3, [SampleShape(rows: 3, columns: 5)]), (7, []), (20, Self.shapes)] {
      let partial = Samples.partial(models: models, statistics, samples: samples, &random)
      let bytes = PartialCodec.encode(partial)
      #expect(
        bytes.count
          == PartialCodec.encodedBytes(of: .init(models: models, statistics: statistics, samples: samples)))
      let back = try PartialCodec.decode(bytes, as: .init(models: models, statistics: statistics, samples: samples))
      #expect(Samples.bits(back) == Samples.bits(partial), "seed \(random.seed)")
    }
  }

  /// Weights that are stored as bf16, among them NaN and infinities.
  @Test func samplesWithoutLowerHalvesTakeHalfTheRoom() throws {
    var random = Seeded.fresh()
    for (models, shapes) in [(2, Self.shapes), (3, [SampleShape(rows: 3, columns: 5)]), (9, Self.shapes)] {
      var partial = Samples.partial(models: models, .spectrum, samples: shapes, &random)
      for block in partial.samples.indices {
        for index in partial.samples[block].values.indices {
          let bits = UInt32.random(in: 0...0xffff, using: &random) << 16
          partial.samples[block].values[index] = Float(bitPattern: bits)
        }
      }
      let bytes = PartialCodec.encode(partial)
      let most = PartialCodec.encodedBytes(of: .init(models: models, statistics: .spectrum, samples: shapes))
      #expect(bytes.count == most - 2 * models * shapes.reduce(0) { $0 + $1.count })
      #expect(Array(bytes[4..<8]) == [UInt8(Statistics.spectrum.rawValue), 1, 0, 0])
      let back = try PartialCodec.decode(bytes, as: .init(models: models, statistics: .spectrum, samples: shapes))
      #expect(Samples.bits(back) == Samples.bits(partial), "seed \(random.seed)")
      // One weight with more digits, and all are written whole.
      let last = partial.samples.count - 1
      partial.samples[last].values[0] = 1.000001
      let whole = PartialCodec.encode(partial)
      #expect(whole.count == most)
      #expect(
        try Samples.bits(PartialCodec.decode(whole, as: .init(models: models, statistics: .spectrum, samples: shapes)))
          == Samples.bits(partial), "seed \(random.seed)")
      // What says that it is halved and is not, or the other way round, has another length.
      for var other in [bytes, whole] {
        other[5] ^= 1
        #expect(throws: WireError.self) {
          try PartialCodec.check(other, as: .init(models: models, statistics: .spectrum, samples: shapes))
        }
      }
    }
  }

  @Test func theLayoutIsFixed() throws {
    var partial = Partial(PartialSchema(models: 2, statistics: .l1))
    partial.l2 = [1]
    partial.l1 = [-2]
    partial.moments[0] = Moments(
      count: 1, mean: 2, m2: 3, m3: 4, m4: 5, minimum: 6, maximum: 7, zeros: 8, notFinite: 9)
    let bytes = PartialCodec.encode(partial)
    #expect(bytes.count == 8 + 8 * (2 + 18) + 8)
    #expect(Array(bytes[..<8]) == [2, 0, 0, 0, 1, 0, 0, 0])
    #expect(Array(bytes[8..<16]) == [0, 0, 0, 0, 0, 0, 0xf0, 0x3f])
    #expect(Array(bytes[16..<24]) == [0, 0, 0, 0, 0, 0, 0, 0xc0])
    #expect(Array(bytes[24..<32]) == [0, 0, 0, 0, 0, 0, 0xf0, 0x3f])
    #expect(Array(bytes[80..<96]) == [8, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0])
    let tail = bytes.suffix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    #expect(tail == bytes.dropLast(8).withUnsafeBytes { Checksum.of($0) })
    #expect(try PartialCodec.check(bytes, as: .init(models: 2, statistics: .l1)) == tail)
  }

  @Test func everyTruncationAndEveryTrailingByteIsRefused() {
    var random = Seeded.fresh()
    let bytes = PartialCodec.encode(Samples.partial(models: 3, [.l1, .max], &random))
    for length in bytes.indices {
      #expect(throws: WireError.self) {
        try PartialCodec.decode(Array(bytes[..<length]), as: .init(models: 3, statistics: [.l1, .max]))
      }
    }
    #expect(throws: WireError.self) {
      try PartialCodec.decode(bytes + [0], as: .init(models: 3, statistics: [.l1, .max]))
    }
  }

  @Test func everyFlippedBitIsFound() {
    var random = Seeded.fresh()
    let statistics: Statistics = [.max, .shrinkage]
    let bytes = PartialCodec.encode(Samples.partial(models: 3, statistics, &random))
    for bit in 0..<(8 * bytes.count) {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << (bit % 8)
      #expect(throws: WireError.self, "bit \(bit), seed \(random.seed)") {
        try PartialCodec.decode(damaged, as: .init(models: 3, statistics: statistics))
      }
    }
  }

  @Test func aPartialOfOtherModelsOrStatisticsIsRefused() {
    var random = Seeded.fresh()
    let bytes = PartialCodec.encode(Samples.partial(models: 3, .l1, &random))
    for (models, statistics) in [(2, Statistics.l1), (4, .l1), (3, []), (3, .max), (3, [.l1, .max])] {
      #expect(throws: WireError.self, "\(models) \(statistics)") {
        try PartialCodec.decode(bytes, as: .init(models: models, statistics: statistics))
      }
    }
    #expect(throws: WireError.self) {
      try PartialCodec.check(bytes, as: .init(models: 3, statistics: .l1, samples: [SampleShape(rows: 1, columns: 1)]))
    }
  }

  /// The coordinator looks without decoding; it must not let through what cannot be decoded later.
  @Test func lookingFindsWhatDecodingFinds() throws {
    var random = Seeded.fresh()
    let statistics: Statistics = [.l1, .spectrum]
    let bytes = PartialCodec.encode(
      Samples.partial(models: 4, statistics, samples: Self.shapes, &random))
    try PartialCodec.check(bytes, as: .init(models: 4, statistics: statistics, samples: Self.shapes))
    for place in stride(from: 0, to: bytes.count, by: 5) {
      var damaged = bytes
      damaged[place] ^= 1 << UInt8(place % 8)
      #expect(throws: WireError.self, "byte \(place), seed \(random.seed)") {
        try PartialCodec.check(damaged, as: .init(models: 4, statistics: statistics, samples: Self.shapes))
      }
    }
  }

  @Test func randomBytesOfTheRightLengthAreRefused() {
    var random = Seeded.fresh()
    let length = PartialCodec.encodedBytes(of: .init(models: 2, statistics: []))
    for _ in 0..<2000 {
      var bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      bytes.replaceSubrange(0..<8, with: [2, 0, 0, 0, 0, 0, 0, 0])
      #expect(throws: WireError.self, "seed \(random.seed)") {
        try PartialCodec.decode(bytes, as: .init(models: 2, statistics: []))
      }
    }
  }
}
