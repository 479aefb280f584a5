import Core

/// One forest of the forests of overlapping neighborhoods.
///
/// Each neighborhood is solved as a collection of its own, in which all pairs are compared. What is said of a model is what
/// its own neighborhood says, since its nearest models are there. Another one that has it as a guest is heard where it names
/// a parent that its own does not have. What the neighborhoods do not agree on is undecided.
struct NeighborhoodJoin {
  /// What was solved of one neighborhood.
  struct Part {
    /// Models, ascending.
    var members: [Int]
    /// Those that are no guests.
    var own: Set<Int>
    /// By place: parent, as a place; nil for roots.
    var parents: [Int?]
    /// By place: family.
    var families: [Int]
    /// Places of copies.
    var copies: Set<Int>
    /// By places; NaN where nothing was compared.
    var distances: SquareMatrix
  }

  struct Link: Equatable {
    var parent: Int
    /// Number of the part that says so.
    var part: Int
    var distance: Double
    /// No part found it: it joins what must be one tree.
    var isAdded = false
    /// Do the neighborhoods not agree on it?
    var isDisputed = false
  }

  /// Per model its parent; none for roots.
  private(set) var links: [Int: Link] = [:]
  /// Per model the number of the part that is right about it.
  private(set) var homes: [Int: Int] = [:]
  /// Per model: one of its tree, the same for all of them.
  private(set) var tops: [Int: Int] = [:]

  private let parts: [Part]
  private let places: [[Int: Int]]

  init(_ parts: [Part]) {
    self.parts = parts
    places = parts.map { part in Dictionary(uniqueKeysWithValues: part.members.enumerated().map { ($1, $0) }) }
    let models = parts.flatMap(\.own).sorted()
    for (number, part) in parts.enumerated() { for model in part.own { homes[model] = number } }
    for model in models { choose(model) }
    for model in models { cutCycle(from: model) }
    attach(models)
    for model in models { tops[model] = top(model) }
  }

  private func link(_ model: Int, _ number: Int) -> Link? {
    guard let place = places[number][model], let parent = parts[number].parents[place] else { return nil }
    return Link(
      parent: parts[number].members[parent], part: number, distance: parts[number].distances[parent, place])
  }

  /// The parent that the model's own part names, unless another one knows of one that is not there.
  private mutating func choose(_ model: Int) {
    guard let home = homes[model] else { return }
    let own = link(model, home)
    links[model] = own
    // A copy's original is as near as can be.
    if let place = places[home][model], parts[home].copies.contains(place) { return }
    let others = parts.indices.filter { $0 != home }.compactMap { link(model, $0) }.filter {
      places[home][$0.parent] == nil
    }
    guard let nearest = others.min(by: { ($0.distance, $0.part) < ($1.distance, $1.part) }) else { return }
    let isAgreed = others.allSatisfy { $0.parent == nearest.parent }
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
    let longest = cycle.max { one, other in
      (links[one]?.distance ?? 0, other) < (links[other]?.distance ?? 0, one)
    }
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
    for root in roots where largest[families.top(root)] != root {
      var nearest: Link?
      for (number, part) in parts.enumerated() {
        guard let place = places[number][root] else { continue }
        for (other, model) in part.members.enumerated()
        where part.families[other] == part.families[place] && top(model) != root {
          let distance = part.distances[other, place]
          if distance < nearest?.distance ?? .infinity {
            nearest = Link(parent: model, part: number, distance: distance, isAdded: true)
          }
        }
      }
      if let nearest {
        links[root] = nearest
        homes[root] = nearest.part
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
