import Graph
import Testing

/// The one scale of support.
struct GradeTests {
  @Test(arguments: [
    (0.0, Grade.undecided), (0.744, .undecided), (0.745, .weak), (0.75, .weak), (0.944, .weak), (0.945, .firm),
    (1, .firm),
  ])
  func gradesFollowThePercentThatIsShown(support: Double, expected: Grade) {
    #expect(Grade(support: support) == expected)
  }

  @Test func theWeakerOfTheTwoSupportsDecides() {
    func edge(_ support: Double, _ direction: Double) -> ModelGraph.Edge {
      .init(
        source: 0, target: 1, relation: .finetune, distance: 1, support: support, directionSupport: direction)
    }
    #expect(edge(1, 1).grade == .firm && !edge(1, 1).isOrderInDoubt)
    #expect(edge(0.97, 0.6).isUndecided && edge(0.97, 0.6).isOrderInDoubt)
    #expect(edge(0.56, 1).isUndecided && !edge(0.56, 1).isOrderInDoubt)
    #expect(edge(0.8, 0.9).grade == .weak)
  }

  @Test func undecidedIsTheLeast() { #expect(Grade.allCases == [.undecided, .weak, .firm] && Grade.weak < .firm) }
}
