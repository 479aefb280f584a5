import Foundation

/// The cost of one call of each of two bodies, in seconds of processor time: the lower quintile over at least `seconds`
/// and 15 calls. Calls alternate, so that both meet the same disturbances. Processor time is used because other programs
/// on the machine are not the code's cost. The minimum is not used because the processor clock is off by some
/// microseconds whenever programs are switched.
func costs(_ a: () -> Void, _ b: () -> Void) -> (Double, Double) {
  var (first, second): ([Double], [Double]) = ([], [])
  var total = 0.0
  a()
  b()
  while total < seconds || first.count < 15 {
    first.append(processorSeconds(a))
    second.append(processorSeconds(b))
    total += (first.last ?? 0) + (second.last ?? 0)
  }
  return (first.sorted()[first.count / 5], second.sorted()[second.count / 5])
}

/// Processor time of one call on this thread.
func processorSeconds(_ body: () -> Void) -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
  let start = now()
  body()
  return now() - start
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

/// Xorshift (Marsaglia 2003): fast, and random enough for a benchmark.
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
