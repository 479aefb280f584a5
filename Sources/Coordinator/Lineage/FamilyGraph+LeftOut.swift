internal import Core

extension FamilyGraph {
  /// Which edges might be others if everything was compared: those that are not found again where every pair that was
  /// left out costs as little as it can.
  ///
  /// - Parameters:
  ///   - costs: of the edges between the nodes.
  ///   - parents: that were found, by place among the nodes.
  func finding(members: [Int], _ costs: SquareMatrix, _ parents: [Int?]) -> LeftOutFinding? {
    guard let leftOut else { return nil }
    var least = costs
    var distances: [Int: (parent: Int, distance: Double)] = [:]
    func isLeftOut(_ parent: Int, _ child: Int) -> Bool {
      leftOut.pairs.isLeftOut(leftOut.places[parent], leftOut.places[child])
    }
    for child in nodes.indices {
      for parent in nodes.indices where isLeftOut(parent, child) {
        let distance = leftOut.pairs.least(leftOut.places[parent], leftOut.places[child])
        least[parent, child] = distance + pricing.tokens(parent: parent, child: child)
        if distance < distances[child]?.distance ?? .infinity { distances[child] = (parent, distance) }
      }
    }
    var (unexcluded, rivals): (Set<Int>, [Int: LeftOutFinding.Rival]) = ([], [:])
    for (child, other) in search.parents(least).enumerated() where other != parents[child] && parents[child] != nil {
      unexcluded.insert(nodes[child])
      var rival = distances[child]
      if let other, isLeftOut(other, child) {
        rival = (other, leftOut.pairs.least(leftOut.places[other], leftOut.places[child]))
      }
      rivals[nodes[child]] = rival.map { LeftOutFinding.Rival(model: nodes[$0.parent], distance: $0.distance) }
    }
    return LeftOutFinding(
      members: members, compared: leftOut.pairs.compared, error: leftOut.pairs.error,
      meanDistance: pricing.meanDistance, unexcluded: unexcluded, rivals: rivals)
  }
}
