import Foundation
import System
import Testing

/// Files whose author is not trusted.
@Suite struct BoundedFileTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bounded-\(UUID().uuidString)")
    .path

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  private func problem(_ path: String, limit: Int = 100) -> BoundedFile.Problem? {
    #expect(throws: BoundedFile.Problem.self) { _ = try BoundedFile.read(path, limit: limit) }
  }

  @Test func filesUpToTheLimitAreReadWhole() throws {
    let path = "\(folder)/file"
    for count in [0, 1, 99, 100, 70_000, 200_000] {
      let data = Data((0..<count).map { UInt8($0 % 251) })
      try data.write(to: URL(fileURLWithPath: path))
      #expect(try BoundedFile.read(path, limit: count) == data)
      if count > 0 { #expect(problem(path, limit: count - 1) == .tooLarge(bytes: count, limit: count - 1)) }
    }
    try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: path)
    #expect(try BoundedFile.read("\(folder)/link", limit: 1 << 20).count == 200_000)
  }

  @Test func nothingElseIsOpenedAndNothingWaits() {
    #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
    #expect(problem("\(folder)/pipe") == .notRegular)
    #expect(problem(folder) == .notRegular)
    #expect(problem("/dev/zero") == .notRegular)
    #expect(problem("\(folder)/none") == .missing)
    #expect(problem("/etc/passwd/none") == .missing)
  }

  /// Files below /proc say that they are empty, and are not.
  @Test func sizesThatLieDoNotHelp() throws {
    #expect(try BoundedFile.read("/proc/self/status", limit: 1 << 20).count > 100)
    #expect(problem("/proc/self/status", limit: 10) != nil)
  }
}

/// Arithmetic on numbers that others sent, against arithmetic in a wider type.
@Suite struct ClampedArithmeticTests {
  @Test func sumsStopAtTheEnds() {
    let values: [Int] = [.min, .min + 1, -5, 0, 7, .max - 1, .max]
    for a in values {
      for b in values {
        let exact = Int128(a) + Int128(b)
        #expect(a.addingClamped(b) == Int(clamping: exact))
      }
    }
    #expect([Int.max, 1, -3].clampedSum() == .max - 3)
  }

  @Test(arguments: [
    (0.0, 0), (-1.9, -1), (1e300, Int.max), (-1e300, .min), (.infinity, .max), (-.infinity, .min), (.nan, 0),
    (9.3e18, .max), (1e15, 1_000_000_000_000_000),
  ])
  func realNumbersBecomeTheNearest(_ value: Double, _ expected: Int) {
    #expect(Int(clamping: value) == expected)
  }
}

/// JSON that a terminal can show.
@Suite struct JSONTextHazardTests {
  @Test func whatDrivesATerminalIsEscapedAndComesBack() throws {
    let texts = ["\u{1b}[2J", "\u{9b}31m", "\u{85}", "\u{7f}", "\u{202e}x", "\u{2028}", "\u{e0001}", "Größe 中文 👩‍👩‍👧"]
    let json = JSONText.of(texts)
    let hazards = json.unicodeScalars.filter(\.isHazard)
    #expect(hazards.isEmpty)
    #expect(json.contains("Größe 中文 👩‍👩‍👧"))
    #expect(
      try JSONDecoder().decode([String].self, from: Data(json.utf8)).map { Array($0.utf8) }
        == texts.map { Array($0.utf8) })
  }
}
