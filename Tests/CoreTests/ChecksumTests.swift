import Core
import Foundation
import System
import TestSeed
import Testing

@Suite struct ChecksumTests {
  /// Each lane is the hash of every fourth word, by the definition of `Fingerprint`.
  private func slow(_ bytes: [UInt8]) -> UInt64 {
    func mix(_ value: UInt64, _ word: UInt64) -> UInt64 {
      let product = (value ^ word) &* 0x0000_0100_0000_01b3
      return product ^ (product >> 29)
    }
    func word(_ at: Int, _ count: Int = 8) -> UInt64 {
      (0..<count).reduce(UInt64(0)) { $0 | UInt64(bytes[at + $1]) << (8 * UInt64($1)) }
    }
    var lanes = Array(repeating: UInt64(0xcbf2_9ce4_8422_2325), count: 4)
    let whole = bytes.count / 32 * 32
    for at in stride(from: 0, to: whole, by: 8) { lanes[at / 8 % 4] = mix(lanes[at / 8 % 4], word(at)) }
    var value = lanes[1...].reduce(lanes[0], mix)
    for at in stride(from: whole, to: bytes.count, by: 8) {
      value = mix(value, word(at, min(8, bytes.count - at)))
    }
    return mix(mix(value, UInt64(bytes.count - whole)), UInt64(bytes.count))
  }

  @Test func itIsWhatItsDefinitionSays() {
    var random = Seeded.fresh()
    for count in [0, 1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 1000, 4096] {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(bytes.withUnsafeBytes { Checksum.of($0) } == slow(bytes), "\(count) bytes, seed \(random.seed)")
    }
  }

  @Test func aFileHasTheChecksumOfItsBytes() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("checksum-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(throws: RegularFile.Problem.missing) { try Checksum.ofFile(path) }
    #expect(throws: RegularFile.Problem.other("a folder")) { try Checksum.ofFile("/") }
    var random = Seeded.fresh()
    for count in [0, 1, 33, 1 << 18, (1 << 18) - 1, (1 << 18) + 1, (3 << 18) + 40] {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
      let found = try Checksum.ofFile(path)
      #expect(found.bytes == count && found.checksum == slow(bytes), "\(count) bytes, seed \(random.seed)")
    }
  }

  @Test func everyFlippedBitAndEverySwappedWordIsSeen() {
    var random = Seeded.fresh()
    let bytes = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
    let right = slow(bytes)
    for bit in 0..<8 * bytes.count {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << (bit % 8)
      #expect(damaged.withUnsafeBytes { Checksum.of($0) } != right, "bit \(bit), seed \(random.seed)")
    }
    for first in stride(from: 0, to: 192, by: 8) {
      for second in stride(from: first + 8, to: 192, by: 8) {
        var damaged = bytes
        for k in 0..<8 { damaged.swapAt(first + k, second + k) }
        #expect(damaged.withUnsafeBytes { Checksum.of($0) } != right, "\(first) \(second), seed \(random.seed)")
      }
    }
  }
}
