/// How much of a model has a counterpart in another one, by where its tensors are in the network alone: a tower is a small
/// part of the model that it was built into, whatever the weights are.
///
/// A tensor of a kind that both have counts as a whole, in all layers: dropped and repeated layers are no other network.
package struct NetworkOverlap: Sendable {
  package struct Tensor: Sendable, Hashable {
    /// Equal for the tensors of two models that are compared with each other.
    package var place: String
    /// Equal for the tensors of all layers in that place.
    package var kind: String
    package var weights: Int
    /// What its files call it; nil where that is not known.
    package var name: String?

    /// No tensor has more weights, whatever a fingerprint says; so that a million of them can be added up.
    private static let most = 1 << 40

    package init(place: String, kind: String, weights: Int, name: String? = nil) {
      self.place = place
      self.kind = kind
      self.weights = min(weights, Self.most)
      self.name = name
    }
  }

  private struct Network: Sendable {
    /// Kinds by places, and weights by kinds.
    var kinds: [String: String] = [:]
    var weights: [String: Int] = [:]
    var names: [String: String] = [:]
    var total = 0

    init(_ tensors: [Tensor]) {
      for tensor in tensors {
        kinds[tensor.place] = tensor.kind
        weights[tensor.kind, default: 0] += tensor.weights
        names[tensor.place] = tensor.name
        total += tensor.weights
      }
    }

    /// From 0 to 1.
    func share(in other: Network) -> Double {
      guard total > 0 else { return 1 }
      let common = Set(kinds.filter { other.kinds[$0.key] != nil }.values)
      return Double(common.reduce(0) { $0 + (weights[$1] ?? 0) }) / Double(total)
    }
  }

  private let networks: [Network]
  /// Per model; nil where nothing is known of it.
  private let numbers: [Int?]

  /// - Parameter models: the tensors of each; nil for a model of which it cannot be said what it consists of.
  package init(_ models: [[Tensor]?]) {
    var networks: [Network] = []
    var known: [[Tensor]: Int] = [:]
    numbers = models.map { tensors in
      guard let tensors else { return nil }
      if let number = known[tensors] { return number }
      known[tensors] = networks.count
      networks.append(Network(tensors))
      return networks.count - 1
    }
    self.networks = networks
  }

  /// The part of a model's weights that has a counterpart in another one, from 0 to 1; 1 where that is not known.
  package func share(of model: Int, in other: Int) -> Double {
    guard model < numbers.count, other < numbers.count, let own = numbers[model], let others = numbers[other],
      own != others
    else { return 1 }
    return networks[own].share(in: networks[others])
  }

  /// Do two models call most of what they share alike? What is built into another network gets a prefix there, an encoder
  /// without its decoder keeps its names.
  package func areNamedAlike(_ i: Int, _ j: Int) -> Bool {
    guard i < numbers.count, j < numbers.count, let own = numbers[i], let other = numbers[j] else { return false }
    let common = networks[own].kinds.keys.filter { networks[other].kinds[$0] != nil }
    let alike = common.count { place in
      networks[own].names[place].map { $0 == networks[other].names[place] } ?? false
    }
    return 2 * alike > common.count
  }

  /// The smaller of the two shares: that of the larger model.
  package func least(_ i: Int, _ j: Int) -> Double { min(share(of: i, in: j), share(of: j, in: i)) }
}
