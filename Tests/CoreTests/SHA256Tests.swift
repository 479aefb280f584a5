import Foundation
import System
import TestSeed
import Testing

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-4 (csrc.nist.gov, SHA256.pdf and "additional" values).
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func theStandardsExamplesComeOut(text: String, digest: String) {
    #expect(SHA256.digest(of: Array(text.utf8)).text == digest)
  }

  @Test func aMillionLettersComeOut() {
    #expect(
      SHA256.digest(of: Array(repeating: UInt8(ascii: "a"), count: 1_000_000)).text
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  /// However the bytes are cut, and at every length around the ends of blocks.
  @Test func piecesGiveWhatTheWholeGives() {
    var random = Seeded.fresh()
    for length in 0..<200 {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      var hash = SHA256()
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = Array(rest.prefix(Int.random(in: 1...70, using: &random)))
        piece.withUnsafeBytes { hash.add($0) }
        rest = rest.dropFirst(piece.count)
      }
      #expect(hash.digest == SHA256.digest(of: bytes), "\(length) bytes, seed \(random.seed)")
    }
  }

  @Test func textsThatJoinToTheSameAreTold() {
    func digest(_ texts: [String]) -> SHA256.Digest {
      var hash = SHA256()
      for text in texts { hash.add(text) }
      return hash.digest
    }
    #expect(digest(["ab", "c"]) != digest(["a", "bc"]))
    #expect(digest(["", "a"]) != digest(["a", ""]))
  }
}
