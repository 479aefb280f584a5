import Core
import System
import TestSeed
import Testing

@Suite struct PrintableTests {
  @Test(arguments: [
    ("\u{1b}[31mred\u{1b}[0m", "\\u{1b}[31mred\\u{1b}[0m"), ("a\nb\r\tc", "a\\u{a}b\\u{d}\\u{9}c"),
    ("\u{202e}txt.exe", "\\u{202e}txt.exe"), ("a\u{2066}b\u{2069}", "a\\u{2066}b\\u{2069}"),
    ("bell\u{7}\u{0}", "bell\\u{7}\\u{0}"), ("\u{9b}31m", "\\u{9b}31m"),
    ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"), ("zero\u{200b}width", "zero\\u{200b}width"),
    ("\u{feff}bom", "\\u{feff}bom"), ("\r\n", "\\u{d}\\u{a}"),
  ])
  func whatATerminalWouldObeyIsWrittenOut(text: String, shown: String) {
    #expect(text.printable == shown)
  }

  @Test(arguments: ["", "meta-llama/Llama-2-7b", "модель 模型 é e\u{301} ñ", "a 'b' \"c\" \\", "🤖"])
  func ordinaryTextStaysAsItIs(text: String) {
    #expect(Array(text.printable.unicodeScalars) == Array(text.unicodeScalars))
  }

  @Test func aFailureShowsItsAdviceBelow() {
    #expect(Failure.usage("no").description == "no")
    #expect(Failure.badInput("no", advice: "try").description == "no\n  -> try")
    let kinds: [Failure.Kind] = [
      .unclassified, .usage, .badInput, .cannotWrite, .resumable, .interrupted,
    ]
    #expect(kinds.map { Failure($0, "").exitCode } == [1, 64, 65, 73, 75, 130])
  }
}

@Suite struct FingerprintTests {
  @Test func everyBitCounts() {
    var random = Seeded.fresh()
    for length in [1, 7, 8, 9, 16, 63, 64, 65] {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      var seen: Set<UInt64> = [Fingerprint(of: bytes).value]
      for bit in 0..<(8 * length) {
        var changed = bytes
        changed[bit / 8] ^= 1 << (bit % 8)
        seen.insert(Fingerprint(of: changed).value)
      }
      #expect(seen.count == 8 * length + 1, "length \(length), seed \(random.seed)")
    }
  }

  @Test func trailingZerosCount() {
    let values = (0..<40).map { Fingerprint(of: Array(repeating: 0, count: $0)).value }
    #expect(Set(values).count == 40)
  }

  @Test func theBordersBetweenPartsCount() {
    func fingerprint(_ parts: [String]) -> UInt64 {
      var print = Fingerprint()
      for part in parts { print.add(part) }
      return print.value
    }
    let cuts = [["abc"], ["ab", "c"], ["a", "bc"], ["a", "b", "c"], ["", "abc"], ["abc", ""]]
    #expect(Set(cuts.map(fingerprint)).count == cuts.count)
  }

  @Test func theOrderOfWordsCounts() {
    let a = Array(repeating: UInt8(1), count: 8)
    let b = Array(repeating: UInt8(2), count: 8)
    #expect(Fingerprint(of: a + b) != Fingerprint(of: b + a))
  }

  /// Journals and stores of older builds hold such values.
  @Test func theValueIsTheSameInEveryBuild() {
    #expect(Fingerprint().text == "cbf29ce484222325")
    #expect(Fingerprint(of: Array("modeltree".utf8)).text == reference(Array("modeltree".utf8)))
    #expect(Fingerprint(of: []).text.count == 16)
  }

  /// The definition once more, a byte at a time.
  private func reference(_ bytes: [UInt8]) -> String {
    var hash: UInt64 = 14_695_981_039_346_656_037
    func mix(_ word: UInt64) {
      hash = (hash ^ word).multipliedReportingOverflow(by: 1_099_511_628_211).partialValue
      hash ^= hash / (1 << 29)
    }
    for start in stride(from: 0, to: bytes.count, by: 8) {
      let word = bytes[start..<min(start + 8, bytes.count)].reversed().reduce(UInt64(0)) {
        $0 * 256 + UInt64($1)
      }
      mix(word)
    }
    mix(UInt64(bytes.count))
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
