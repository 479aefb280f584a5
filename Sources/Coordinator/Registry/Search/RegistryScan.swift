package import Fingerprints
internal import Core
internal import Graph
internal import Lineage
internal import Storage
package import System

/// Says which models of a registry another model has to do with, by fingerprints alone.
package struct RegistryScan {
  private let reader: RegistryReader
  private let top: Int

  /// Models that are put together to a tree with the one in question.
  private static let mostSolved = 48
  /// Strangers that are looked through for common parts.
  private static let mostParts = 96

  /// - Parameter top: candidates for the parent that are named.
  package init(_ path: String, top: Int) throws(Failure) {
    reader = try RegistryReader(path)
    self.top = top
  }

  private struct Known {
    var entry: RegistryEntry
    var fingerprint: ModelFingerprint
    var pair: FingerprintPair
    var candidate: RegistrySearch.Candidate
  }

  /// - Parameter suspect: who the model is to people; entries under the same id and path are passed over.
  package func run(_ fingerprint: ModelFingerprint, suspect: RegistryEntry) throws(Failure) -> ScanAnswer {
    let found = try RegistrySearch(fingerprint).run(reader.folder)
    var damaged = found.damaged
    var known: [Known] = []
    for candidate in found.candidates {
      do throws(Failure) {
        let (entry, other) = try reader.record(at: candidate.place)
        guard entry.path != suspect.path else { continue }
        known.append(
          Known(
            entry: entry, fingerprint: other, pair: FingerprintPair(fingerprint, other), candidate: candidate))
      } catch {
        damaged.append(error)
      }
    }
    var answer = ScanAnswer(
      model: ScanAnswer.Model(suspect, fingerprint), registry: reader.folder.path, searched: found.searched,
      comparable: found.comparable)
    answer.damaged = damaged.map(\.message)
    known.sort { ($0.pair.apart, $0.entry.id, $0.entry.path) < ($1.pair.apart, $1.entry.id, $1.entry.path) }
    let files = Set(suspect.sources.compactMap(\.sha256))
    answer.copies = known.filter { $0.entry.identity == fingerprint.identity }.map { copy in
      ScanAnswer.Copy(
        model: ScanAnswer.Reference(copy.entry),
        hasSameFiles: !files.isEmpty && files == Set(copy.entry.sources.compactMap(\.sha256)),
        hasSameFormat: copy.fingerprint.facts.format == fingerprint.facts.format
          && copy.fingerprint.facts.encodings == fingerprint.facts.encodings)
    }
    let family = try place(fingerprint, known, &answer)
    answer.parts = parts(fingerprint, known.filter { !family.contains($0.entry.key) })
    return answer
  }

  /// Puts the model into a tree with the nearest ones.
  ///
  /// - Returns: those that it is related to.
  private func place(
    _ fingerprint: ModelFingerprint, _ known: [Known], _ answer: inout ScanAnswer
  ) throws(Failure) -> Set<RegistryEntry.Key> {
    let near = Array(known.filter { $0.pair.tensors > 0 }.prefix(Self.mostSolved))
    guard !near.isEmpty else { return [] }
    let models = near.map(\.fingerprint) + [fingerprint]
    let number = near.count
    let tensors = FingerprintSums.of(models)
    let lineage = try LineageSolver(LineageProblem(models, tensors)).solve(tensors)
    let members = near.indices.filter { lineage.families[$0] == lineage.families[number] }
    guard !members.isEmpty else {
      answer.nearest = near.first.map { ScanAnswer.Reference($0.entry) }
      return []
    }
    let probability = members.map { lineage.probability[$0, number] }.filter { $0.isFinite }.min()
    let root = members.first { lineage.parents[$0] == nil }
    answer.family = ScanAnswer.Family(
      members: members.map { ScanAnswer.Reference(near[$0].entry) },
      oldest: root.map { ScanAnswer.Reference(near[$0].entry) }, probability: probability)
    // A rounded copy whose source is not there: its energies and spectra are those of the rounding.
    let isCopy = lineage.duplicateOf[number] != nil || lineage.relations[number] == .quantized
    if isCoarse(fingerprint), !isCopy {
      answer.isCoarse = true
      answer.parents = byDistance(members.map { near[$0] })
    } else {
      describe(lineage, number, members, near, &answer)
    }
    return Set(members.map { near[$0].entry.key })
  }

  /// Mean squared error of rounding over the mean square of the weights, from which on only distances say something.
  private static let coarse = QuantizedCopies.coarse
  /// How often the parent of a rounded model is its nearest relative, the next one, and the third: of 30 models of the
  /// shipped zoos in Q4_0 22, 3 and 5, rounded down. Mostly, a nearer one is a child.
  private static let nearness = [0.6, 0.1, 0.1]

  private func isCoarse(_ fingerprint: ModelFingerprint) -> Bool {
    let linear = fingerprint.tensors.filter { $0.role == .linear }
    let weights = linear.reduce(0.0) { $0 + Double($1.shape.elements) }
    return weights > 0
      && linear.reduce(0.0) { $0 + $1.noise * Double($1.shape.elements) } > Self.coarse * weights
  }

  private func byDistance(_ relatives: [Known]) -> [ScanAnswer.Parent] {
    relatives.prefix(top).enumerated().map { place, known in
      ScanAnswer.Parent(
        model: ScanAnswer.Reference(known.entry), probability: place < Self.nearness.count ? Self.nearness[place] : 0,
        distance: nil,
        difference: finite(known.pair.apart / 2))
    }
  }

  private func describe(
    _ lineage: Lineage, _ number: Int, _ members: [Int], _ near: [Known], _ answer: inout ScanAnswer
  ) {
    // A copy has the parents of what it is a copy of.
    let first = lineage.duplicateOf[number]
    let own = first ?? number
    let shares = lineage.parentShares[own]
    let parent = lineage.parents[own]
    let candidates = members.filter { $0 != own && lineage.duplicateOf[$0] == nil }
    let ranked = candidates.sorted { a, b in
      let (p, q) = (share(a, shares, parent, lineage, own), share(b, shares, parent, lineage, own))
      if p != q { return p > q }
      if (a == parent) != (b == parent) { return a == parent }
      let (c, d) = (lineage.cost[a, own], lineage.cost[b, own])
      return c.isNaN || d.isNaN ? !c.isNaN && d.isNaN : (c, a) < (d, b)
    }
    answer.parents = ranked.prefix(top).map { candidate in
      ScanAnswer.Parent(
        model: ScanAnswer.Reference(near[candidate].entry),
        probability: share(candidate, shares, parent, lineage, own),
        distance: finite(lineage.distances[candidate, own]), difference: finite(lineage.relatedness[candidate, own]))
    }
    // The surest first, then the nearest.
    let children = candidates.filter { lineage.parents[$0] == own }.map { child in
      (child: child, support: min(lineage.support[child], lineage.directionSupport[child]))
    }.sorted { ($1.support, $0.child) < ($0.support, $1.child) }
    answer.children = children.map { ScanAnswer.Reference(near[$0.child].entry) }
    answer.isChildUndecided = children.first.map { Grade(support: $0.support) == .undecided } ?? false
    if first == nil, parent != nil { answer.relation = lineage.relations[own] }
    answer.directionSupport = parent == nil ? nil : lineage.directionSupport[own]
    answer.isParentAbsent = lineage.absentParents.contains {
      $0.orphans.contains(own) || !$0.isBetween && $0.sibling == own
    }
    answer.mergedFrom = lineage.merges.first { $0.child == own }.map { merge in
      merge.parents.filter { $0 < near.count }.map { ScanAnswer.Reference(near[$0].entry) }
    }
  }

  /// Probability of a parent: its share of the resamplings; where nothing was resampled, the support of the edge.
  private func share(
    _ candidate: Int, _ shares: [Int: Double], _ parent: Int?, _ lineage: Lineage, _ own: Int
  ) -> Double {
    if shares.isEmpty, candidate == parent { return lineage.support[own] }
    return shares[candidate] ?? 0
  }

  private func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }

  private func parts(_ fingerprint: ModelFingerprint, _ strangers: [Known]) -> [ScanAnswer.Part] {
    let likely = strangers.sorted {
      ($0.candidate.sharesContent ? 1 : 0, $0.candidate.likeness) > (
        $1.candidate.sharesContent ? 1 : 0, $1.candidate.likeness
      )
    }.prefix(Self.mostParts)
    var found: [ScanAnswer.Part] = []
    for known in likely {
      guard let part = PartMatching.part(fingerprint, known.fingerprint) else { continue }
      found.append(
        ScanAnswer.Part(
          component: part.name, model: ScanAnswer.Reference(known.entry), tensors: part.tensors, weights: part.weights,
          isExact: part.isExact))
    }
    return Array(
      found.sorted { ($0.weights, $1.model.id) > ($1.weights, $0.model.id) }.prefix(top))
  }
}
