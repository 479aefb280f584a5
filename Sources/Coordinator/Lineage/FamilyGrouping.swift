internal import Core

/// Finds copies, and divides the models into families.
package struct FamilyGrouping: Sendable {
  private let problem: LineageProblem

  package init(_ problem: LineageProblem) { self.problem = problem }

  package func run(_ totals: TensorTotals<some ComparisonTotals>) -> FamilyGroups {
    let excluded = problem.adapters.union(totals.unusable.models)
    // What a tensor with NaN would have been, nobody knows.
    let duplicateOf = totals.duplicates.firsts(
      excluded: excluded.union(totals.unusable.findings.keys), haveSameSignature: problem.haveSameSignature)
    let usable = (0..<problem.modelCount).filter { !excluded.contains($0) }
    let found =
      if let count = problem.options.families {
        Families.ward(totals.comparison.clusteringDistances.submatrix(usable), count: count)
      } else {
        withParts(
          Families.joined(
            Families.connected(usable.count) {
              areRelatives(usable[$0], usable[$1], totals) && !totals.relatedness.isDivided(usable[$0], usable[$1])
            }
          ) { totals.relatedness.isDivided(usable[$0], usable[$1]) && areRelatives(usable[$0], usable[$1], totals) },
          usable, totals)
      }
    // Excluded models get numbers that nobody else has.
    var labels = (0..<problem.modelCount).map { problem.modelCount + $0 }
    for (position, model) in usable.enumerated() { labels[model] = found[position] }
    let distinct = usable.filter { duplicateOf[$0] == nil }
    let scaled = totals.scaled.findings(
      among: distinct.filter { !problem.factors.contains($0) }, apart: totals.relatedness.ratio)
    for finding in scaled { labels[finding.copy] = labels[finding.original] }
    // A copy belongs to its first, even where more families are asked for than there are different
    // models, or where constant weights say nothing.
    for (model, first) in duplicateOf.enumerated() {
      if let first { labels[model] = labels[first] }
    }
    return FamilyGroups(numbers: Families.numbered(labels), duplicateOf: duplicateOf, scaled: scaled)
  }
}

extension FamilyGrouping {
  /// Of the larger model, the share that has a counterpart in the smaller one: from which on the two are relatives, and
  /// below which the smaller one is a component, which makes relatives of nobody.
  private static let mostOfTheWhole = 0.5
  private static let partOfTheWhole = 1.0 / 3
  /// A part has nearly all of it from the whole.
  private static let mostOfThePart = 0.9

  /// Are two models related, and is what they share most of both?
  private func areRelatives(_ i: Int, _ j: Int, _ totals: TensorTotals<some ComparisonTotals>) -> Bool {
    areRelated(i, j, totals) && problem.overlap.least(i, j) >= Self.mostOfTheWhole
  }

  /// Puts models that are a large part of others (an encoder without its decoder) into the family of these, where all of
  /// them are of one family: what belongs to several as well as to one proves nothing. What was built into another
  /// network is none of these: it is called otherwise there.
  private func withParts(
    _ families: [Int], _ usable: [Int], _ totals: TensorTotals<some ComparisonTotals>
  ) -> [Int] {
    var wholes: [Int: Set<Int>] = [:]
    for a in usable.indices {
      for b in usable.indices where b > a && families[a] != families[b] && areRelated(usable[a], usable[b], totals) {
        let shares = [
          problem.overlap.share(of: usable[a], in: usable[b]), problem.overlap.share(of: usable[b], in: usable[a]),
        ]
        guard max(shares[0], shares[1]) >= Self.mostOfThePart,
          Self.partOfTheWhole..<Self.mostOfTheWhole ~= min(shares[0], shares[1]),
          problem.overlap.areNamedAlike(usable[a], usable[b])
        else { continue }
        let (part, whole) = shares[0] > shares[1] ? (a, b) : (b, a)
        wholes[families[part], default: []].insert(families[whole])
      }
    }
    guard !wholes.isEmpty else { return families }
    return families.map { family in
      var top = family
      // A part of a part; each step leads to larger models.
      for _ in wholes {
        guard let above = wholes[top], above.count == 1, let next = above.first else { break }
        top = next
      }
      return top
    }
  }

  /// Models without a linear map in common are related here only where neither can be compared by linear maps at all;
  /// what can is put in its place by these, and the other below it by what is equal, see `CopyAttachment`.
  private func areRelated(_ i: Int, _ j: Int, _ totals: TensorTotals<some ComparisonTotals>) -> Bool {
    guard totals.relatedness.areRelated(i, j) else { return false }
    guard i != j, !totals.scope.sharesLinear(i, j) else { return true }
    return [i, j].allSatisfy { !totals.scope.sharesLinear($0, $0) && problem.unread[$0] == nil }
  }
}

/// The families of a collection, and the copies in them.
package struct FamilyGroups: Sendable {
  package struct Family: Sendable {
    /// All its models, ascending.
    package let members: [Int]
    /// Those that are not later copies of others, ascending.
    package let distinct: [Int]
  }

  /// Family number per model, counted in order of first appearance.
  package let numbers: [Int]
  /// The first of the models with the same weights; nil for all but the later ones.
  package let duplicateOf: [Int?]
  /// Multiples of others.
  package let scaled: [ScaledCopies.Finding]
  /// What each model is a copy of, bit for bit or up to a factor; nil for all others.
  package let copyOf: [Int?]
  /// By family number.
  package let families: [Family]

  package init(numbers: [Int], duplicateOf: [Int?], scaled: [ScaledCopies.Finding] = []) {
    self.numbers = numbers
    self.duplicateOf = duplicateOf
    self.scaled = scaled
    var copyOf = duplicateOf
    for finding in scaled { copyOf[finding.copy] = finding.original }
    self.copyOf = copyOf
    var members = Array(repeating: [Int](), count: (numbers.max() ?? -1) + 1)
    for (model, family) in numbers.enumerated() { members[family].append(model) }
    families = members.map { members in
      Family(members: members, distinct: members.filter { copyOf[$0] == nil })
    }
  }

  /// Is one of two models a multiple of the other?
  package func areScaled(_ i: Int, _ j: Int) -> Bool {
    scaled.contains { ($0.copy, $0.original) == (i, j) || ($0.copy, $0.original) == (j, i) }
  }

  /// Do two models hold the same weights?
  package func areCopies(_ i: Int, _ j: Int) -> Bool { (duplicateOf[i] ?? i) == (duplicateOf[j] ?? j) }
}
