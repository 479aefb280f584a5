import Foundation

/// Best time of one call over at least `seconds` of calls and three calls, in seconds. The least
/// disturbed call tells what the code costs; the others tell what the neighbours do.
func best(_ body: () -> Void) -> Double {
  body()
  var least = Double.infinity
  var total = 0.0
  var calls = 0
  while total < seconds || calls < 3 {
    let start = ContinuousClock.now
    body()
    let took = (ContinuousClock.now - start) / .seconds(1)
    least = min(least, took)
    total += took
    calls += 1
  }
  return least
}

/// The same for two bodies in turn, so that both meet the same disturbances.
func bestOfBoth(_ a: () -> Void, _ b: () -> Void) -> (Double, Double) {
  var (first, second) = (Double.infinity, Double.infinity)
  let rounds = 3
  for _ in 0..<rounds {
    first = min(first, best(a))
    second = min(second, best(b))
  }
  return (first, second)
}

func report(_ section: String, _ fields: [(String, any Encodable)]) {
  let parts = fields.map { name, value in
    switch value {
    case let number as Double: "\"\(name)\":\(String(format: "%.4g", number))"
    case let number as Int: "\"\(name)\":\(number)"
    default: "\"\(name)\":\"\(value)\""
    }
  }
  let line = "{\"section\":\"\(section)\",\(parts.joined(separator: ","))}\n"
  FileHandle.standardOutput.write(Data(line.utf8))
}

/// Ordinary-looking floats from a fixed stream.
func weights(_ count: Int, seed: UInt64) -> [Float] {
  var stream = Stream(state: seed)
  return (0..<count).map { _ in Float(Int64(bitPattern: stream.next()) >> 40) * 1e-9 }
}

/// Xorshift (Marsaglia 2003): fast, and as random as a benchmark needs.
struct Stream: RandomNumberGenerator {
  private var state: UInt64

  init(state: UInt64) { self.state = state &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
