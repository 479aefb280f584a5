package import Core
internal import System

/// A tensor that at least two models have, or one model and the updates of an adapter: same canonical
/// name, same shape except for the number of tokens.
package struct PlannedTensor: Sendable, Hashable {
  /// One model's copy.
  package struct Copy: Sendable, Hashable {
    package var model: Int
    /// The name under which this model keeps it.
    package var name: String
    /// What its rows consist of in memory.
    package var elementType: ElementType
    /// What is stored.
    package var bytes: Int
    /// What reading it takes beside its rows; see `StoredTensor.readingBytes`.
    package var readingBytes: Int
  }

  /// The change that an adapter makes to it.
  package struct Update: Sendable, Hashable {
    /// The adapter, as a model.
    package var model: Int
    /// Place in the adapter's updates.
    package var index: Int
  }

  /// The name in the first model that has it.
  package var name: String
  /// Of what is compared: of token tables perhaps fewer rows than some model has.
  package var shape: TensorShape
  /// The first row that is compared.
  package var firstRow = 0
  package var role: TensorRole
  /// Where in the network it is.
  package var part: NetworkPart
  package var statistics: Statistics
  /// Submatrices that are kept as they are, over all shards.
  package var samples = 0
  /// Shorter side of the block whose spectrum is taken, 0 for none.
  package var spectrum = 0
  /// The sketch that every shard makes of it, if any.
  package var sketch: SampleShape?
  /// In the order of the models.
  package var copies: [Copy]
  /// Of adapters, in the order of the models.
  package var updates: [Update] = []

  package var models: [Int] { copies.map(\.model) }

  /// The same tensor where models have other numbers.
  ///
  /// - Parameter number: of the model with a given number; keeps their order.
  func renumbered(_ number: (Int) -> Int) -> PlannedTensor {
    var tensor = self
    for place in copies.indices { tensor.copies[place].model = number(copies[place].model) }
    for place in updates.indices { tensor.updates[place].model = number(updates[place].model) }
    return tensor
  }

  /// Models that keep the tensor under one name.
  package struct Namesakes: Sendable, Equatable {
    package var name: String
    package var models: [Int]
  }

  /// The copies by their names, in the order of the first model of each.
  package var namesakes: [Namesakes] {
    var found: [Namesakes] = []
    var places: [ByteString: Int] = [:]
    for copy in copies {
      let name = ByteString(copy.name)
      if let place = places[name] {
        found[place].models.append(copy.model)
      } else {
        places[name] = found.count
        found.append(Namesakes(name: copy.name, models: [copy.model]))
      }
    }
    return found
  }

  /// Weights of all models as they are stored, in bytes.
  package var bytes: Int { copies.reduce(0) { $0 + $1.bytes } }

  /// What reading it takes beside its rows: one model is read at a time.
  package var readingBytes: Int { copies.map(\.readingBytes).max() ?? 0 }

  /// What a coordinate of all models takes in memory.
  package var bytesPerCoordinate: Int { copies.reduce(0) { $0 + $1.elementType.bytes } }
}
