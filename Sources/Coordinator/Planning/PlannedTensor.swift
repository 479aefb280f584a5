public import Core
internal import System

/// A tensor that at least two models have, or one model and the updates of an adapter: same canonical
/// name, same shape except for the number of tokens.
public struct PlannedTensor: Sendable, Hashable {
  /// One model's copy.
  public struct Copy: Sendable, Hashable {
    public var model: Int
    /// The name under which this model keeps it.
    public var name: String
    /// What its rows consist of in memory.
    public var elementType: ElementType
    /// What is stored.
    public var bytes: Int
    /// What reading it takes beside its rows; see `StoredTensor.readingBytes`.
    public var readingBytes: Int
  }

  /// The change that an adapter makes to it.
  public struct Update: Sendable, Hashable {
    /// The adapter, as a model.
    public var model: Int
    /// Place in the adapter's updates.
    public var index: Int
  }

  /// The name in the first model that has it.
  public var name: String
  /// Of what is compared: of token tables perhaps fewer rows than some model has.
  public var shape: TensorShape
  /// The first row that is compared.
  public var firstRow = 0
  public var role: TensorRole
  /// Where in the network it is.
  public var part: NetworkPart
  public var statistics: Statistics
  /// Submatrices that are kept as they are, over all shards.
  public var samples = 0
  /// Shorter side of the block whose spectrum is taken, 0 for none.
  public var spectrum = 0
  /// The sketch that every shard makes of it, if any.
  public var sketch: SampleShape?
  /// In the order of the models.
  public var copies: [Copy]
  /// Of adapters, in the order of the models.
  public var updates: [Update] = []

  public var models: [Int] { copies.map(\.model) }

  /// Models that keep the tensor under one name.
  public struct Namesakes: Sendable, Equatable {
    public var name: String
    public var models: [Int]
  }

  /// The copies by their names, in the order of the first model of each.
  public var namesakes: [Namesakes] {
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
  public var bytes: Int { copies.reduce(0) { $0 + $1.bytes } }

  /// What reading it takes beside its rows: one model is read at a time.
  public var readingBytes: Int { copies.map(\.readingBytes).max() ?? 0 }

  /// What a coordinate of all models takes in memory.
  public var bytesPerCoordinate: Int { copies.reduce(0) { $0 + $1.elementType.bytes } }
}
