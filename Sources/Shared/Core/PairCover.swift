/// Which pairs of many models are compared where not all are, and how near the others are by samples.
package struct PairCover: Sendable, Equatable {
  /// Models all pairs of which are compared: its own, and guests, which are another block's own.
  package struct Block: Sendable, Equatable {
    /// Ascending.
    package let own: [Int]
    /// Ascending.
    package let guests: [Int]

    package init(own: [Int], guests: [Int]) {
      self.own = own
      self.guests = guests
    }

    /// Ascending.
    package var members: [Int] { (own + guests).sorted() }
  }

  /// Another model, and how far it is by samples: up to a factor that is the same for all pairs.
  package struct Near: Sendable, Equatable {
    package let model: Int
    package let distance: Double

    package init(model: Int, distance: Double) {
      self.model = model
      self.distance = distance
    }
  }

  /// Every model is the own of one block.
  package let blocks: [Block]
  /// So many of its nearest ones every model is compared with, at least.
  package let nearest: Int
  /// Pairs that some block has, each counted once.
  package let pairs: Int
  /// Per model the nearest of those that no block compares it with; nil: there is none, or nothing is known of them.
  package let leftOut: [Int: Near]
  /// Per model a few of those that are compared with it, the nearest first: how far off are samples?
  package let compared: [Int: [Near]]

  package init(blocks: [Block], nearest: Int, pairs: Int, leftOut: [Int: Near], compared: [Int: [Near]]) {
    self.blocks = blocks
    self.nearest = nearest
    self.pairs = pairs
    self.leftOut = leftOut
    self.compared = compared
  }

  /// The same of models with other numbers.
  ///
  /// - Parameter number: of the model with a given number; keeps their order.
  package func renumbered(_ number: (Int) -> Int) -> PairCover {
    func moved(_ near: Near) -> Near { Near(model: number(near.model), distance: near.distance) }
    return PairCover(
      blocks: blocks.map { Block(own: $0.own.map(number), guests: $0.guests.map(number)) }, nearest: nearest,
      pairs: pairs, leftOut: Dictionary(uniqueKeysWithValues: leftOut.map { (number($0), moved($1)) }),
      compared: Dictionary(uniqueKeysWithValues: compared.map { (number($0), $1.map(moved)) }))
  }
}
