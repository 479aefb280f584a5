import Core
import System
import TestSeed
import Testing

@Suite struct ByteCountTests {
  @Test(arguments: [
    ("0", 0), ("4096", 4096), ("1B", 1), ("512MB", 512_000_000), ("512 mb", 512_000_000),
    ("1.5GiB", 3 << 29), ("2k", 2048), ("2kB", 2000), ("2KiB", 2048), ("3M", 3 << 20),
    ("1G", 1 << 30), ("1TB", 1_000_000_000_000), ("1TiB", 1 << 40), ("1T", 1 << 40),
    ("0.5k", 512), ("1.9B", 1),
  ])
  func readsWhatPeopleWrite(text: String, bytes: Int) {
    #expect(ByteCount(text)?.bytes == bytes)
  }

  @Test(arguments: [
    "", " ", "GB", "-1", "-1GB", "1XB", "1..5GB", "1GB2", "1e3", "nan", "inf", "9999999999TB",
    "1,5GB", "٣", "½GB", "0x10", "1 G B",
  ])
  func refusesWhatIsNoNumberOfBytes(text: String) {
    #expect(ByteCount(text) == nil)
  }

  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (1234, "1.23 kB"), (12_345, "12.3 kB"),
    (123_456, "123 kB"), (9_300_000, "9.30 MB"), (1 << 30, "1.07 GB"),
    (999_499, "999 kB"), (999_500, "1.00 MB"), (9_994, "9.99 kB"), (9_996, "10.0 kB"),
    (99_960, "100 kB"), (2_500_000_000_000, "2.50 TB"), (3_000_000_000_000_000, "3.00 PB"),
  ])
  func printsThreeDigits(bytes: Int, text: String) {
    #expect(ByteCount(bytes: bytes).description == text)
  }

  @Test func printedSizesReadBackWithinHalfADigit() {
    var random = Seeded.fresh()
    for _ in 0..<1000 {
      let bytes = Int.random(in: 0...(1 << Int.random(in: 1...49, using: &random)), using: &random)
      let text = ByteCount(bytes: bytes).description
      let back = ByteCount(text)?.bytes ?? -1
      #expect(abs(Double(back - bytes)) <= 0.0051 * Double(bytes), "\(bytes) \(text) \(random.seed)")
    }
  }

  @Test func countsAreOrderedBySize() {
    #expect(ByteCount(bytes: 1) < ByteCount(bytes: 2))
    #expect(ByteCount("1KiB") == ByteCount("1024"))
  }

  @Test func fixedKeepsTheDecimals() {
    #expect(fixed(1.005, 1) == "1.0")
    #expect(fixed(-2, 3) == "-2.000")
    #expect(fixed(0.25, 0) == "0")
  }
}
