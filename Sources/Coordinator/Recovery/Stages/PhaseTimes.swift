internal import Glibc

/// How long the phases of a recovery took.
package struct PhaseTimes: Sendable {
  /// Wall time by the phase's name.
  package private(set) var seconds: [String: Double] = [:]
  /// Processor time of this process alone, without the workers'.
  package private(set) var processorSeconds: [String: Double] = [:]

  package init() {}

  /// Runs a phase and adds its times, also when it fails.
  package mutating func measure<T, E: Error>(_ phase: String, _ body: () throws(E) -> T) throws(E) -> T {
    let start = ContinuousClock.now
    let ticks = clock()
    defer {
      seconds[phase, default: 0] += (ContinuousClock.now - start) / .seconds(1)
      processorSeconds[phase, default: 0] += Double(clock() - ticks) / Double(CLOCKS_PER_SEC)
    }
    return try body()
  }
}
