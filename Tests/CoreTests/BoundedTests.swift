import Foundation
import System
import Testing

/// Numbers from outside stay within their bounds, whatever is done with them.
@Suite struct BoundedTests {
  private static let largest = 1 << 53

  @Test(arguments: ["0", "7", "9007199254740992"])
  func numbersWithinBoundsComeBack(text: String) throws {
    let number = try JSONDecoder().decode(ByteTotal.self, from: Data(text.utf8))
    #expect(String(decoding: try JSONEncoder().encode(number), as: UTF8.self) == text)
  }

  @Test(arguments: ["-1", "9007199254740993", "9223372036854775807", "-9223372036854775808", "1e30", "0.5", "null"])
  func numbersOutOfBoundsAreRefused(text: String) {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(ByteTotal.self, from: Data(text.utf8)) }
  }

  @Test(arguments: ["-1", "-0.1", "1e10", "1e300"])
  func secondsOutOfBoundsAreRefused(text: String) {
    #expect(throws: (any Error).self) { try JSONDecoder().decode(Seconds.self, from: Data(text.utf8)) }
  }

  @Test func sumsSaturate() {
    var sum: ByteTotal = 0
    for _ in 0..<100 { sum += ByteTotal(clamping: .max) }
    #expect(sum.value == Self.largest)
    #expect((ByteTotal(clamping: Self.largest - 1) + 1).value == Self.largest)
    #expect((ByteTotal(clamping: .min) + 3).value == 3)
  }

  @Test func secondsAreClampedAndNeverNaN() {
    #expect(Seconds(clamping: .nan).value == 0)
    #expect(Seconds(clamping: .infinity).value == 1e9)
    #expect(Seconds(clamping: -1).value == 0)
  }
}
