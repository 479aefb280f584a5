import Core
import Encodings
import Foundation
import TestSeed
import TestSupport
import Testing

/// Every encoding against other people's decoders, bit for bit.
struct DecodingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func decode(_ encoding: Encoding, _ bytes: [UInt8]) -> [UInt32] {
    let count = bytes.count / encoding.blockBytes
    var numbers = [Float](repeating: 0, count: count * encoding.blockElements)
    bytes.withUnsafeBytes { bytes in
      numbers.withUnsafeMutableBufferPointer { numbers in
        guard let from = bytes.baseAddress, let to = numbers.baseAddress else { return }
        encoding.decode(EncodedBlocks(bytes: from, count: count), to: to)
      }
    }
    return numbers.map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }
  }

  private func compare(_ encoding: Encoding, _ bytes: [UInt8], _ comment: String) throws {
    let path = try folder.write(bytes, to: "blocks")
    let expected: [UInt32] = try Oracle.run("encodings.py", encoding.name, path)
    #expect(decode(encoding, bytes) == expected, "\(comment)")
  }

  @Test(arguments: [Encoding.f8e4m3, .f8e5m2])
  func everyByteIsWhatMlDtypesSays(_ encoding: Encoding) throws {
    // Starting anywhere in a vector.
    for shift in [0, 1, 7, 15] {
      try compare(encoding, (0..<256 + shift).map { UInt8(truncatingIfNeeded: $0) }, "shifted by \(shift)")
    }
  }

  @Test(arguments: [Encoding.f16, .bf16])
  func everyPairOfBytesIsWhatOthersSay(_ encoding: Encoding) throws {
    try compare(encoding, (0..<65536).flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }, "all patterns")
  }

  @Test(arguments: Encoding.all.filter(\.companions.isEmpty))
  func bytesAtRandomAreWhatOthersSay(_ encoding: Encoding) throws {
    var random = Seeded.fresh()
    for blocks in [1, 2, 17, 1000] {
      let bytes = (0..<blocks * encoding.blockBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
      try compare(encoding, bytes, "\(blocks) blocks, seed \(random.seed)")
    }
  }

  @Test(arguments: Encoding.ggufBlocks)
  func quantizedNumbersAreWhatOthersSay(_ encoding: Encoding) throws {
    let path = folder.path + "/quantized"
    let seed = Seeded.fresh().seed
    let expected: [UInt32] = try Oracle.run("encodings.py", encoding.name, path, "\(seed)")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    try #require(bytes.count == 61 * encoding.blockBytes)
    #expect(decode(encoding, bytes) == expected, "seed \(seed)")
  }

  @Test(arguments: Encoding.ggufBlocks)
  func whatRoundingToBlocksCostsIsWhatWasMeasured(_ encoding: Encoding) throws {
    let seed = Seeded.fresh().seed
    let measured: [Double] = try Oracle.run("encodings.py", "noise", encoding.name, "\(seed)")
    try #require(measured.count == 3)
    let (largest, noise, angle) = (measured[0], measured[1], measured[2])
    #expect(largest <= encoding.roundoff && largest > 0.5 * encoding.roundoff, "\(largest), seed \(seed)")
    if encoding.collinearity < 0.5 {
      #expect(encoding.collinearity > 1.5 * noise && encoding.collinearity < 3 * noise, "\(noise), seed \(seed)")
    }
    #expect(angle < encoding.collinearity, "seed \(seed)")
  }

  @Test func everyScaleOfABlockIsExact() throws {
    let bytes = (0..<65536).flatMap { scale -> [UInt8] in
      [UInt8(scale & 0xff), UInt8(scale >> 8)] + (0..<32).map { UInt8(truncatingIfNeeded: $0 * 8 + scale) }
    }
    try compare(.q8_0, bytes, "all scales")
  }

  @Test func noBytesAreNoNumbers() {
    for encoding in Encoding.all where encoding.companions.isEmpty { #expect(decode(encoding, []).isEmpty) }
  }

  @Test func namesFindTheirEncodingsAndNothingElse() {
    for encoding in Encoding.all { #expect(Encoding(named: encoding.name) == encoding) }
    #expect(Set(Encoding.all.map(\.name)).count == Encoding.all.count)
    for name in ["", "f32", "F8", "Q8_0 ", "I64"] { #expect(Encoding(named: name) == nil) }
    for type in ElementType.allCases {
      #expect(Encoding(type).elementType == type && Encoding(type).isPlain && Encoding(type).name == type.rawValue)
    }
  }

  @Test func sizesCountTheLastBlockWholeAndNoticeWhatCannotBeCounted() {
    #expect(Encoding.q8_0.bytes(of: 0) == 0)
    #expect(Encoding.q8_0.bytes(of: 1) == 34)
    #expect(Encoding.q8_0.bytes(of: 64) == 68)
    #expect(Encoding.q8_0.bytes(of: 65) == 102)
    #expect(Encoding.bf16.bytes(of: 3) == 6)
    #expect(Encoding.f64.bytes(of: .max) == nil)
    #expect(Encoding.q8_0.bytes(of: .max) == nil)
    #expect(Encoding.q4_k.bytes(of: 257) == 288)
  }

  /// What a rounding to an encoding may cost, by rounding: no number is further from its neighbors.
  @Test(arguments: [(Encoding.f16, 15), (.bf16, 15), (.f8e4m3, 7), (.f8e5m2, 7)])
  func roundoffIsHalfTheLargestGap(_ encoding: Encoding, bits: Int) {
    let patterns = 0..<(1 << bits)
    let bytes = patterns.flatMap { pattern in (0..<encoding.blockBytes).map { UInt8(pattern >> (8 * $0) & 0xff) } }
    let numbers = decode(encoding, bytes).map { Double(Float(bitPattern: $0)) }
    // Above the subnormal numbers.
    let normal = numbers.filter(\.isFinite).sorted().dropFirst(1 << (bits - (encoding == .bf16 ? 8 : 3)))
    let gaps = zip(normal, normal.dropFirst()).map { ($1 - $0) / 2 / (($1 + $0) / 2) }
    let largest = gaps.max() ?? 0
    #expect(largest <= encoding.roundoff && largest > 0.8 * encoding.roundoff, "\(largest)")
  }
}
