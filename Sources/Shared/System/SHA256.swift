/// SHA-256 (FIPS 180-4), for identities that must hold against forgery.
///
/// Written out here because swift-crypto compiles all of BoringSSL, which adds about 100 s of processor time to
/// every clean build, for one function of which little is hashed.
package struct SHA256: Sendable {
  /// The 256 bits as four words.
  package struct Digest: Sendable, Hashable {
    package let words: SIMD4<UInt64>

    package init(words: SIMD4<UInt64> = .zero) { self.words = words }

    /// 64 hexadecimal digits.
    package var text: String {
      (0..<4).map { index in
        let digits = String(words[index], radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
      }.joined()
    }
  }

  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  /// Less than a block that waits for more.
  private var waiting: [UInt8] = []
  private var length: UInt64 = 0

  private static let blockBytes = 64

  package init() {}

  package static func digest(of bytes: [UInt8]) -> Digest {
    var hash = SHA256()
    bytes.withUnsafeBytes { hash.add($0) }
    return hash.digest
  }

  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    length &+= UInt64(bytes.count)
    var rest = bytes[...]
    if !waiting.isEmpty {
      let missing = rest.prefix(Self.blockBytes - waiting.count)
      waiting += missing
      rest = rest.dropFirst(missing.count)
      guard waiting.count == Self.blockBytes else { return }
      let block = waiting
      block.withUnsafeBytes { mix($0) }
      waiting.removeAll(keepingCapacity: true)
    }
    let whole = rest.count / Self.blockBytes * Self.blockBytes
    mix(UnsafeRawBufferPointer(rebasing: rest.prefix(whole)))
    waiting += rest.dropFirst(whole)
  }

  /// Adds a text and the mark of its end, so that no two lists of texts add the same bytes.
  package mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    withUnsafeBytes(of: UInt64(text.utf8.count).bigEndian) { add($0) }
  }

  /// Of everything that was added so far.
  package var digest: Digest {
    var copy = self
    let bits = length &* 8
    var padding: [UInt8] = [0x80]
    padding += Array(repeating: 0, count: (2 * Self.blockBytes - 9 - waiting.count) % Self.blockBytes)
    withUnsafeBytes(of: bits.bigEndian) { padding += $0 }
    padding.withUnsafeBytes { copy.add($0) }
    let state = copy.state.map(UInt64.init)
    return Digest(
      words: SIMD4(
        state[0] << 32 | state[1], state[2] << 32 | state[3], state[4] << 32 | state[5],
        state[6] << 32 | state[7]))
  }

  /// - Parameter blocks: a whole number of blocks.
  private mutating func mix(_ blocks: UnsafeRawBufferPointer) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
      Self.constants.withUnsafeBufferPointer { k in
        for start in stride(from: 0, to: blocks.count, by: Self.blockBytes) {
          for t in 0..<16 {
            w[t] = UInt32(bigEndian: blocks.loadUnaligned(fromByteOffset: start + 4 * t, as: UInt32.self))
          }
          for t in 16..<64 {
            let (x, y) = (w[t - 15], w[t - 2])
            let small = Self.turned(x, 7) ^ Self.turned(x, 18) ^ x >> 3
            let large = Self.turned(y, 17) ^ Self.turned(y, 19) ^ y >> 10
            w[t] = w[t - 16] &+ small &+ w[t - 7] &+ large
          }
          var (a, b, c, d) = (state[0], state[1], state[2], state[3])
          var (e, f, g, h) = (state[4], state[5], state[6], state[7])
          for t in 0..<64 {
            let choice = e & f ^ ~e & g
            let majority = a & b ^ a & c ^ b & c
            let first = h &+ (Self.turned(e, 6) ^ Self.turned(e, 11) ^ Self.turned(e, 25)) &+ choice &+ k[t] &+ w[t]
            let second = (Self.turned(a, 2) ^ Self.turned(a, 13) ^ Self.turned(a, 22)) &+ majority
            (h, g, f, e) = (g, f, e, d &+ first)
            (d, c, b, a) = (c, b, a, first &+ second)
          }
          state[0] &+= a
          state[1] &+= b
          state[2] &+= c
          state[3] &+= d
          state[4] &+= e
          state[5] &+= f
          state[6] &+= g
          state[7] &+= h
        }
      }
    }
  }

  private static func turned(_ word: UInt32, _ bits: UInt32) -> UInt32 { word >> bits | word << (32 - bits) }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]
}
