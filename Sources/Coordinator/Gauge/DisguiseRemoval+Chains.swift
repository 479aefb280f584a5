internal import Alignment
internal import Checkpoints
internal import Core
internal import Spectra
internal import Storage
internal import System

extension DisguiseRemoval {
  /// Members of a family that a chain is fitted to, after the first has been.
  private static let mostFitted = 8
  /// Larger first steps of families are read again for each group.
  private static let mostKeptBytes = 16 << 20

  /// As for transformers: what is one in other coordinates is restored to these.
  mutating func alignChains(
    _ groups: [[Int]], _ maps: [AlignmentMap], _ kind: Int, _ restored: inout [Int: ModelRecord]
  ) throws(Failure) {
    var families: [(members: [(number: Int, chain: ChainWeights)], rows: Matrix?)] = []
    for (place, numbers) in groups.enumerated() {
      let members = numbers.compactMap { number in
        ChainWeights(models[number], maps[number]).map { (number: number, chain: $0) }
      }
      guard let first = members.first, members.count == numbers.count, fitsMemory(first.number, first.chain.bytes)
      else { continue }
      let mine = try first.chain.firstRows()
      var likest: [(family: Int, look: Double)] = []
      for (family, known) in families.enumerated() {
        let other = known.members[0].chain
        guard first.chain.layout.hasShape(of: other.layout) else { continue }
        let theirs: Matrix
        if let rows = known.rows { theirs = rows } else { theirs = try other.firstRows() }
        likest.append((family, ChainFit.firstLook(mine, theirs)))
      }
      likest.sort { ($1.look, $0.family) < ($0.look, $1.family) }
      var isPlaced = false
      for (family, _) in likest.prefix(Self.mostAttempts) where !isPlaced {
        let found = try bring(members, to: families[family].members, group: kind << 16 | place)
        for (number, model) in found { restored[number] = model }
        isPlaced = !found.isEmpty
      }
      if !isPlaced {
        families.append((members, 8 * mine.values.count <= Self.mostKeptBytes ? mine : nil))
      }
    }
  }

  /// - Returns: the members of a group in the coordinates of a family; empty where the witness does not carry.
  private mutating func bring(
    _ members: [(number: Int, chain: ChainWeights)], to family: [(number: Int, chain: ChainWeights)], group: Int
  ) throws(Failure) -> [(Int, ModelRecord)] {
    let numbers = members.map(\.number)
    guard let own = members.first?.chain, var reference = family.first else { return [] }
    let key = try RestoredStore.key(of: models[reference.number])
    if let kept = try kept(numbers, key) { return kept }
    attempts += 1
    guard var (gauge, witness) = try ChainFit(own, reference.chain)?.gauge(), witness.carries(attempts: attempts),
      !gauge.isNothing
    else { return try remember(numbers, key) }
    // Units that training has moved are told apart best by the nearest relative.
    var nearest = try distance(own, reference.chain, gauge)
    for member in family.dropFirst().prefix(Self.mostFitted) {
      guard let (other, carried) = try ChainFit(own, member.chain)?.gauge(), carried.carries(attempts: attempts)
      else { continue }
      let apart = try distance(own, member.chain, other)
      if apart < nearest { (reference, gauge, witness, nearest) = (member, other, carried, apart) }
    }
    let restoration = Restoration(
      reference: models[reference.number].id, transforms: gauge.transforms, likeness: witness.likeness,
      agreements: witness.agreements, units: witness.units,
      probability: min(1, Double(attempts) * witness.probability), group: group)
    var found: [(Int, ModelRecord)] = []
    for member in members {
      let tensors = RestoredChain(member.chain, by: gauge)
      found += try keep(member.number, key, restoration) { number throws(Failure) in try tensors.values(number) }
    }
    return found
  }

  /// Of two chains, the first in the coordinates of the second: the mean of their steps' squared relative distances.
  private func distance(_ own: ChainWeights, _ other: ChainWeights, _ gauge: ChainGauge) throws(Failure) -> Double {
    var sum = 0.0
    for step in own.layout.steps.indices {
      sum += gauge.restored(try own.matrix(step), step, own.layout).distance(from: try other.matrix(step))
    }
    return sum / Double(own.layout.steps.count)
  }
}
