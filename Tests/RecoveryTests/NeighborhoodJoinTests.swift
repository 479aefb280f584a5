import Core
import Lineage
import Recovery
import TestSeed
import Testing

/// What becomes of the trees of neighborhoods that overlap.
@Suite struct NeighborhoodJoinTests {
  private typealias Join = NeighborhoodJoin

  /// A random tree; squared distances add up along it.
  private struct Tree {
    var parents: [Int?] = [nil]
    var distances = SquareMatrix(1)

    init(_ n: Int, _ random: inout Seeded) {
      var squares = SquareMatrix(n)
      for model in 1..<n {
        let parent = Int.random(in: 0..<model, using: &random)
        let step = Double.random(in: 0.5...5, using: &random)
        for other in 0..<model { squares.setBoth(model, other, squares[parent, other] + step) }
        parents.append(parent)
      }
      distances = squares
      PairIndex(n).forEach { _, i, j in distances.setBoth(i, j, squares[i, j].squareRoot()) }
    }

    /// What is right where only some models are there: the nearest ancestor among them.
    func part(_ own: Set<Int>, _ guests: Set<Int>) -> Join.Part {
      let members = own.union(guests).sorted()
      let parents = members.map { model -> Int? in
        var above = self.parents[model]
        while let next = above, !members.contains(next) { above = self.parents[next] }
        return above.flatMap { members.firstIndex(of: $0) }
      }
      return Join.Part(
        members: members, own: own, parents: parents, families: members.map { _ in 0 },
        certainties: members.map { _ in 1 }, distances: distances.submatrix(members))
    }
  }

  /// Blocks of a random tree, each with the parents of its own models as guests, and with some others.
  @Test func partsThatAreRightMakeTheTree() {
    var random = Seeded.fresh()
    for _ in 0..<20 {
      let n = Int.random(in: 20...80, using: &random)
      let tree = Tree(n, &random)
      let count = Int.random(in: 2...5, using: &random)
      let homes = (0..<n).map { _ in Int.random(in: 0..<count, using: &random) }
      let parts = (0..<count).map { number in
        let own = Set((0..<n).filter { homes[$0] == number })
        let above = Set(own.compactMap { tree.parents[$0] })
        let more = Set((0..<n).filter { _ in Int.random(in: 0..<10, using: &random) == 0 })
        return tree.part(own, above.union(more).subtracting(own))
      }
      let join = Join(parts)
      for model in 0..<n {
        #expect(join.links[model]?.parent == tree.parents[model], "seed \(random.seed), model \(model)")
        #expect(join.links[model]?.support ?? 1 == 1, "seed \(random.seed), model \(model)")
        #expect(join.tops[model] == 0, "seed \(random.seed), model \(model)")
      }
      #expect(join.homes == Dictionary(uniqueKeysWithValues: homes.enumerated().map { ($0, $1) }))
    }
  }

  /// Guests are drawn at random, so that parents are missing: there is one tree all the same, and what is certain in it is an
  /// ancestor.
  @Test func thereIsOneTreeWhateverIsMissing() {
    var random = Seeded.fresh()
    for _ in 0..<50 {
      let n = Int.random(in: 20...60, using: &random)
      let tree = Tree(n, &random)
      let homes = (0..<n).map { _ in Int.random(in: 0..<4, using: &random) }
      let parts = (0..<4).map { number in
        let own = Set((0..<n).filter { homes[$0] == number })
        return tree.part(own, Set((0..<n).filter { !own.contains($0) && Int.random(in: 0..<4, using: &random) == 0 }))
      }
      let join = Join(parts)
      // Models that parts connect are one tree; of those that none connects with the others, there is nothing to say.
      let connected = Families.connected(n) { one, other in
        parts.contains { $0.members.contains(one) && $0.members.contains(other) }
      }
      for one in 0..<n {
        for other in 0..<one {
          #expect(
            (join.tops[one] == join.tops[other]) == (connected[one] == connected[other]),
            "seed \(random.seed): \(one) and \(other)")
        }
      }
      for (model, link) in join.links where link.support > Join.doubtful {
        var above = tree.parents[model]
        while let next = above, next != link.parent { above = tree.parents[next] }
        #expect(above == link.parent, "seed \(random.seed): \(link.parent) is no ancestor of \(model)")
      }
      for model in 0..<n {
        var (above, steps) = (model, 0)
        while let next = join.links[above]?.parent, steps <= n { (above, steps) = (next, steps + 1) }
        #expect(steps <= n && above == join.tops[model], "seed \(random.seed)")
      }
    }
  }

  private func part(_ members: [Int], own: Set<Int>, _ parents: [Int: Int], _ distances: SquareMatrix) -> Join.Part {
    Join.Part(
      members: members, own: own,
      parents: members.map { model in parents[model].flatMap { members.firstIndex(of: $0) } },
      families: members.map { _ in 0 }, certainties: members.map { _ in 1 }, distances: distances.submatrix(members))
  }

  private func line(_ places: [Double]) -> SquareMatrix {
    var distances = SquareMatrix(places.count)
    PairIndex(places.count).forEach { _, i, j in distances.setBoth(i, j, abs(places[i] - places[j])) }
    return distances
  }

  /// 0 and 1 are near; 2 is nearer to 1, which its own part does not have.
  @Test func aNearerParentThatIsNotAtHomeIsDisputed() {
    let distances = line([0, 2, 3])
    let join = Join([
      part([0, 2], own: [0, 2], [2: 0], distances), part([0, 1, 2], own: [1], [1: 0, 2: 1], distances),
    ])
    #expect(join.links[2] == .init(parent: 1, part: 1, distance: 1, isDisputed: true, certainty: 1))
    #expect(join.links[2]?.support == 0.5 && join.homes[2] == 1 && join.links[1]?.support == 1)
  }

  @Test func aParentThatIsFartherIsDisputedAndNotTaken() {
    let distances = line([0, 9, 3])
    let join = Join([
      part([0, 2], own: [0, 2], [2: 0], distances), part([0, 1, 2], own: [1], [1: 0, 2: 1], distances),
    ])
    #expect(join.links[2] == .init(parent: 0, part: 0, distance: 3, isDisputed: true, certainty: 1))
  }

  /// Its own part has nothing above it, another one has.
  @Test func aRootOfItsOwnPartIsPutBelowWhatAnotherPartKnows() {
    let distances = line([0, 2, 3])
    let join = Join([
      part([1, 2], own: [1, 2], [2: 1], distances), part([0, 1], own: [0], [1: 0], distances),
    ])
    #expect(join.links[1] == .init(parent: 0, part: 1, distance: 2, certainty: 1))
    #expect(join.links[1]?.support == 1 && join.tops == [0: 0, 1: 0, 2: 0])
  }

  /// Each part takes the other's model for the parent.
  @Test func aCircleIsCutAndDisputed() {
    let distances = line([0, 1, 3])
    let join = Join([
      part([0, 1, 2], own: [0], [0: 1, 1: 2], distances), part([0, 1, 2], own: [1, 2], [1: 0, 2: 1], distances),
    ])
    // 0 below 1 below 0.
    #expect([0, 1].count { join.links[$0] == nil } == 1)
    #expect([0, 1].compactMap { join.links[$0] }.allSatisfy { $0.isDisputed && $0.support == 0.5 })
    // The first part has 2 above 1.
    #expect(join.links[2]?.isDisputed == true)
  }

  /// A third part has both ends of an edge the other way round.
  @Test func anEdgeThatAnotherPartReversesIsDisputed() {
    let distances = line([0, 1, 3, 4])
    let parts = [
      part([0, 1, 2], own: [0, 1, 2], [1: 0, 2: 1], distances), part([1, 2, 3], own: [3], [1: 2, 3: 2], distances),
    ]
    let join = Join(parts)
    #expect(join.links[2] == .init(parent: 1, part: 0, distance: 2, isDisputed: true, certainty: 1))
    #expect(join.links[1]?.support == 1 && join.links[3]?.support == 1)
    // Of a copy, no part tells which was first.
    var home = parts[0]
    home.copies = [2]
    #expect(Join([home, parts[1]]).links[2]?.support == 1)
  }

  /// Two trees of one family that no part joined: the smaller one hangs below the nearest of the other, undecided.
  @Test func relatedTreesBecomeOne() {
    let distances = line([0, 1, 5, 6, 2])
    let join = Join([
      part([0, 1, 4], own: [0, 1, 4], [1: 0, 4: 1], distances), part([1, 2, 3], own: [2, 3], [3: 2], distances),
    ])
    #expect(join.links[2] == .init(parent: 1, part: 1, distance: 4, isAdded: true, certainty: 0.5))
    #expect(join.tops.values.allSatisfy { $0 == 0 })
  }

  /// The root of the smaller tree was compared with no model of the other one: the way leads through its descendants.
  @Test func relatedTreesBecomeOneByADetour() {
    let distances = line([0, 1, 2, 5, 8, 12])
    let join = Join([
      part([0, 1, 2], own: [0, 1, 2], [1: 0, 2: 1], distances), part([2, 3], own: [3], [:], distances),
      part([3, 4, 5], own: [4, 5], [3: 4, 4: 5], distances),
    ])
    // 3 below 4 below 5, which nothing connects with 0, 1 and 2.
    #expect(join.links[3]?.parent == 4 && join.links[4]?.parent == 5)
    let wanted = (3.0 * 3 + 3 * 3 + 4 * 4).squareRoot()
    #expect(join.links[5] == .init(parent: 2, part: 1, distance: wanted, isAdded: true, certainty: 0.5))
    #expect(Set(join.tops.values) == [0])
  }

  @Test func strangersStayApart() {
    let distances = line([0, 1, 5, 6])
    var other = part([1, 2, 3], own: [2, 3], [3: 2], distances)
    other.families = [0, 1, 1]
    let join = Join([part([0, 1], own: [0, 1], [1: 0], distances), other])
    #expect(join.links[2] == nil && join.tops == [0: 0, 1: 0, 2: 2, 3: 2])
  }

  @Test func aCopyStaysBelowItsOriginal() {
    let distances = line([0, 0, 3])
    var home = part([0, 1], own: [0, 1], [1: 0], distances)
    home.copies = [1]
    let join = Join([home, part([1, 2], own: [2], [1: 2], distances)])
    #expect(join.links[1] == .init(parent: 0, part: 0, distance: 0, certainty: 1))
  }
}

/// How near may be what was left out?
@Suite struct NeighborhoodBoundTests {
  private func cover(leftOut: Double, _ compared: [Int: [PairCover.Near]]) -> PairCover {
    PairCover(
      blocks: [.init(own: Array(0..<100), guests: [])], nearest: 1, pairs: 1,
      leftOut: [0: .init(model: 99, distance: leftOut)], compared: compared)
  }

  /// Samples that are off by a known deviation, and by a factor: the error is found, and five deviations are granted.
  @Test func fiveDeviationsAreGranted() {
    var random = Seeded.fresh()
    var (compared, truth): ([Int: [PairCover.Near]], [Int: Double]) = ([:], [:])
    for model in 0..<98 {
      let distance = Double.random(in: 1...9, using: &random)
      truth[model] = 3 * distance * Seeded.exponential(0.02 * random.normal())
      compared[model] = [.init(model: model + 1, distance: distance)]
    }
    func bound(_ leftOut: Double) -> NeighborhoodBound {
      NeighborhoodBound(cover(leftOut: leftOut, compared)) { model, other in
        other == model + 1 ? truth[model] ?? .nan : .nan
      }
    }
    let error = bound(1).error
    #expect(error > 0.012 && error < 0.03, "seed \(random.seed): \(error)")
    // 3 times 2, five deviations nearer, is about 5.4.
    let least = 6 * Seeded.exponential(-5 * error)
    #expect(bound(2).nearer(to: 0, than: 1.02 * least) == 99, "seed \(random.seed)")
    #expect(bound(2).nearer(to: 0, than: 0.98 * least) == nil, "seed \(random.seed)")
    #expect(bound(2).nearer(to: 1, than: 100) == nil)
    // What is not known of the parent excludes nothing.
    #expect(bound(2).nearer(to: 0, than: .nan) == 99)
  }

  @Test func tooFewPairsExcludeNothing() {
    let compared = Dictionary(uniqueKeysWithValues: (0..<7).map { ($0, [PairCover.Near(model: $0 + 1, distance: 1)]) })
    let bound = NeighborhoodBound(cover(leftOut: 1000, compared)) { _, _ in 1 }
    #expect(bound.error == .infinity && bound.nearer(to: 0, than: 0.001) == 99)
  }
}
