import System
import Testing

@Suite struct RunningClockTests {
  @Test func aPauseCountsAsOneStepAtMost() {
    var clock = RunningClock(longestStep: .milliseconds(100))
    #expect(clock.advance(by: .milliseconds(30)) == .milliseconds(30))
    #expect(clock.advance(by: .seconds(3600)) == .milliseconds(130))
    #expect(clock.advance(by: .seconds(-5)) == .milliseconds(130))
    #expect(clock.now == .milliseconds(130))
  }
}
