import Serving
import Testing

struct SilenceWarningsTests {
  @Test func pausesGrowAndAnAnswerBeginsAnew() {
    var warnings = SilenceWarnings()
    let due = (0...1200).filter { warnings.isDue(after: .seconds($0)) }
    #expect(due == [5, 10, 20, 40, 80, 160, 320, 620, 920])
    let again = [0, 4, 6].map { warnings.isDue(after: .seconds($0)) }
    #expect(again == [false, false, true])
  }
}
