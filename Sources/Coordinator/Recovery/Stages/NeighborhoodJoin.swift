package import Core
package import Lineage

/// One forest of the forests of overlapping neighborhoods.
///
/// Each neighborhood is solved as a collection of its own, in which all pairs are compared. What is said of a model is what
/// its own neighborhood says, since its nearest models are there. Another one that has it as a guest is heard where it names
/// a parent that its own does not have. What the neighborhoods do not agree on is undecided.
package struct NeighborhoodJoin {
  /// What was solved of one neighborhood.
  package struct Part {
    /// Models, ascending.
    package var members: [Int]
    /// Those that are no guests.
    package var own: Set<Int>
    /// By place: parent, as a place; nil for roots.
    package var parents: [Int?]
    /// By place: family.
    package var families: [Int]
    /// Places of copies.
    package var copies: Set<Int>
    /// By place: what the edge to the parent is worth.
    package var certainties: [Double]
    /// By places; NaN where nothing was compared.
    package var distances: SquareMatrix

    /// - Parameters:
    ///   - members: models, ascending.
    ///   - own: those that are no guests.
    package init(_ lineage: Lineage, members: [Int], own: [Int]) {
      self.members = members
      self.own = Set(own)
      parents = lineage.parents
      families = lineage.families
      copies = Set(members.indices.filter { lineage.duplicateOf[$0] != nil })
      certainties = members.indices.map { lineage.certainty(of: $0) }
      distances = lineage.distances
    }

    package init(
      members: [Int], own: Set<Int>, parents: [Int?], families: [Int], copies: Set<Int> = [], certainties: [Double],
      distances: SquareMatrix
    ) {
      self.members = members
      self.own = own
      self.parents = parents
      self.families = families
      self.copies = copies
      self.certainties = certainties
      self.distances = distances
    }
  }

  package struct Link: Equatable {
    package var parent: Int
    /// Number of the part that says so.
    package var part: Int
    package var distance: Double
    /// No part found it: it joins trees of models that are related.
    package var isAdded: Bool
    /// Do the neighborhoods not agree on it?
    package var isDisputed: Bool
    /// Of the part's own edge.
    package var certainty: Double

    package init(
      parent: Int, part: Int, distance: Double, isAdded: Bool = false, isDisputed: Bool = false, certainty: Double
    ) {
      self.parent = parent
      self.part = part
      self.distance = distance
      self.isAdded = isAdded
      self.isDisputed = isDisputed
      self.certainty = certainty
    }

    /// An edge that is added or disputed is at most as likely as not.
    package var support: Double { isAdded || isDisputed ? min(certainty, NeighborhoodJoin.doubtful) : certainty }
  }

  /// The most that an edge is worth that may be otherwise for all that is known.
  package static let doubtful = 0.5

  /// Per model its parent; none for roots.
  package private(set) var links: [Int: Link] = [:]
  /// Per model the number of the part that is taken at its word: its own, or the one that its edge is from.
  package private(set) var homes: [Int: Int] = [:]
  /// Per model: one of its tree, the same for all of them.
  package private(set) var tops: [Int: Int] = [:]

  private let parts: [Part]
  private let places: [[Int: Int]]

  package init(_ parts: [Part]) {
    self.parts = parts
    places = parts.map { part in Dictionary(uniqueKeysWithValues: part.members.enumerated().map { ($1, $0) }) }
    let models = parts.flatMap(\.own).sorted()
    for (number, part) in parts.enumerated() { for model in part.own { homes[model] = number } }
    for model in models { choose(model) }
    for model in models { cutCycle(from: model) }
    for model in models where isContradicted(model) { links[model]?.isDisputed = true }
    attach(models)
    for model in models { tops[model] = top(model) }
  }

  private func link(_ model: Int, _ number: Int) -> Link? {
    guard let place = places[number][model], let parent = parts[number].parents[place] else { return nil }
    return Link(
      parent: parts[number].members[parent], part: number, distance: parts[number].distances[parent, place],
      certainty: parts[number].certainties[place])
  }

  /// The parent that the model's own part names, unless another one knows of one that is not there.
  private mutating func choose(_ model: Int) {
    guard let home = homes[model] else { return }
    let own = link(model, home)
    links[model] = own
    // A copy's original is as near as can be.
    guard !isCopy(model) else { return }
    // Where the parent is missing, what is farther stands for it.
    let others = parts.indices.filter { $0 != home }.compactMap { link(model, $0) }.filter { other in
      guard places[home][other.parent] == nil else { return false }
      return own.map { places[other.part][$0.parent] != nil || other.distance < $0.distance } ?? true
    }
    guard let nearest = others.min(by: { ($0.distance, $0.part) < ($1.distance, $1.part) }) else { return }
    let isAgreed = others.allSatisfy { $0.parent == nearest.parent || places[$0.part][nearest.parent] == nil }
    if var own, !(nearest.distance < own.distance) {
      own.isDisputed = true
      links[model] = own
    } else {
      // Its own part took it for a root, or for a child of what is farther.
      var nearest = nearest
      nearest.isDisputed = own != nil || !isAgreed
      links[model] = nearest
      homes[model] = nearest.part
    }
  }

  private func isCopy(_ model: Int) -> Bool {
    guard let home = homes[model], let place = places[home][model] else { return false }
    return parts[home].copies.contains(place)
  }

  /// Has another part the model above its parent?
  private func isContradicted(_ model: Int) -> Bool {
    guard let link = links[model], !isCopy(model) else { return false }
    return parts.indices.contains { number in
      guard number != link.part, let place = places[number][model], var above = places[number][link.parent] else {
        return false
      }
      while let next = parts[number].parents[above] {
        if next == place { return true }
        above = next
      }
      return false
    }
  }

  /// Takes the longest edge out of the cycle that a model is in, if it is in one.
  private mutating func cutCycle(from model: Int) {
    var seen: Set<Int> = []
    var above = model
    while seen.insert(above).inserted, let next = links[above]?.parent { above = next }
    guard links[above] != nil else { return }
    // `above` was seen twice: it is in the cycle.
    var cycle: [Int] = []
    repeat {
      cycle.append(above)
      above = links[above]?.parent ?? above
    } while above != cycle[0]
    // What is a copy stays one. A distance that is not known is the longest.
    func length(_ model: Int) -> Double { links[model].map { $0.distance.isNaN ? .infinity : $0.distance } ?? 0 }
    let cuts = cycle.filter { !isCopy($0) }
    let longest = (cuts.isEmpty ? cycle : cuts).max { one, other in
      (length(one), other) < (length(other), one)
    }
    for model in cycle { links[model]?.isDisputed = true }
    if let longest { links[longest] = nil }
  }

  private func top(_ model: Int) -> Int {
    var above = model
    while let next = links[above]?.parent { above = next }
    return above
  }

  /// Puts the smaller trees of models that are related below the nearest model of another one that they were compared with.
  private mutating func attach(_ models: [Int]) {
    var families = Groups()
    for part in parts {
      var first: [Int: Int] = [:]
      for (model, family) in zip(part.members, part.families) {
        if let known = first[family] { families.join(known, model) } else { first[family] = model }
      }
    }
    var sizes: [Int: Int] = [:]
    for model in models { sizes[top(model), default: 0] += 1 }
    let roots = sizes.sorted { ($0.value, $1.key) < ($1.value, $0.key) }.map(\.key)
    var largest: [Int: Int] = [:]
    for root in roots { largest[families.top(root)] = root }
    /// Where the root was compared with no model of another tree: below the one that is nearest to any of its descendants.
    /// Squared distances add up along the way.
    func detour(from root: Int) -> Link? {
      var nearest: (link: Link, descendant: Int)?
      for (number, part) in parts.enumerated() {
        let tops = part.members.map(top)
        for (place, model) in part.members.enumerated() where tops[place] == root {
          for (other, candidate) in part.members.enumerated()
          where tops[other] != root && part.families[other] == part.families[place] {
            let distance = part.distances[other, place]
            guard distance < nearest?.link.distance ?? .infinity else { continue }
            let link = Link(
              parent: candidate, part: number, distance: distance, isAdded: true, certainty: Self.doubtful)
            nearest = (link, model)
          }
        }
      }
      guard var (link, above) = nearest.map({ ($0.link, $0.descendant) }) else { return nil }
      var squares = link.distance * link.distance
      while let next = links[above] {
        squares += next.distance * next.distance
        above = next.parent
      }
      link.distance = squares.squareRoot()
      return link
    }
    for root in roots where largest[families.top(root)] != root {
      var nearest: Link?
      for (number, part) in parts.enumerated() {
        guard let place = places[number][root] else { continue }
        for (other, model) in part.members.enumerated()
        where part.families[other] == part.families[place] && top(model) != root {
          let distance = part.distances[other, place]
          if distance < nearest?.distance ?? .infinity {
            nearest = Link(parent: model, part: number, distance: distance, isAdded: true, certainty: Self.doubtful)
          }
        }
      }
      if let nearest {
        links[root] = nearest
        homes[root] = nearest.part
      } else {
        links[root] = detour(from: root)
      }
    }
  }
}

/// What belongs together, directly or through others.
private struct Groups {
  private var above: [Int: Int] = [:]

  mutating func top(_ model: Int) -> Int {
    var node = model
    while let next = above[node] { node = next }
    if node != model { above[model] = node }
    return node
  }

  mutating func join(_ a: Int, _ b: Int) {
    let (a, b) = (top(a), top(b))
    if a != b { above[max(a, b)] = min(a, b) }
  }
}
