internal import Alignment
internal import Checkpoints
internal import Core
internal import Naming
internal import Storage

/// A network of linear maps or convolutions, one after the other, with norms between them and nothing around them.
struct ChainLayout {
  /// A map, and the vectors that have a number for each of its outputs.
  struct Step {
    /// Number of the tensor, outputs x inputs x kernel.
    let weight: Int
    let outputs: Int
    /// Columns of the weight as a matrix that belong to one output of the step before.
    let columnsPerInput: Int
    var vectors: [Vector] = []

    /// Does anything normalize what comes out?
    var hasNorm: Bool { vectors.contains { $0.use != .bias } }
    /// Does a norm remember what came out, so that its scale is free?
    var hasStatistics: Bool { vectors.contains { $0.use == .variance } }
  }

  struct Vector {
    let number: Int
    let use: Use
  }

  /// What a vector is for: added to a map's outputs; a norm's gains and what it adds; means and variances that it has seen.
  enum Use: Equatable {
    case bias, gain, shift, mean, variance
  }

  let steps: [Step]

  /// Are the steps of both of the same size, and what belongs to them for the same? Other tensors, such as counters, may
  /// be only in one.
  func hasShape(of other: ChainLayout) -> Bool {
    steps.count == other.steps.count
      && zip(steps, other.steps).allSatisfy { step, other in
        step.outputs == other.outputs && step.columnsPerInput == other.columnsPerInput
          && Set(step.vectors.map(\.use)) == Set(other.vectors.map(\.use))
      }
  }

  /// Units of a step above which no assignment is tried: it takes the third power of their number.
  private static let mostUnits = 4096
  /// Top-level parts of a network whose order is tried out.
  private static let mostParts = 5

  /// - Returns: nil for what is not such a chain of three steps or more, its every tensor understood.
  init?(_ model: ModelRecord, _ map: AlignmentMap) {
    guard model.adapter == nil, map.tensors.allSatisfy({ $0.rearrangement == nil }),
      let modules = Modules(model)
    else { return nil }
    for order in modules.orders(mostParts: Self.mostParts) {
      if let steps = Self.chain(order) {
        self.steps = steps
        return
      }
    }
    return nil
  }

  /// - Returns: nil where the maps do not fit one another in this order, or a norm fits no map.
  private static func chain(_ order: [Module]) -> [Step]? {
    var steps: [Step] = []
    var norms: [(norm: Module, after: Int)] = []
    for module in order {
      guard let weight = module.weight else {
        norms.append((module, steps.count - 1))
        continue
      }
      var perInput = weight.shape.elements / max(1, module.outputs)
      if let last = steps.last {
        let inputs = weight.shape.extents[1]
        // A linear map may read pictures of several points, channel by channel.
        let isFlat = inputs % last.outputs == 0 && weight.shape.extents.count == 2
        guard inputs == last.outputs || isFlat else { return nil }
        perInput /= last.outputs
      }
      guard module.outputs <= mostUnits else { return nil }
      steps.append(
        Step(
          weight: weight.number, outputs: module.outputs, columnsPerInput: perInput, vectors: module.vectors))
    }
    guard steps.count >= 3 else { return nil }
    for (norm, after) in norms {
      guard let place = place(of: norm, after: after, steps, order) else { return nil }
      steps[place].vectors += norm.vectors
    }
    return steps
  }

  /// The step that a norm belongs to: the one with its number among its siblings, or the one before it.
  private static func place(of norm: Module, after: Int, _ steps: [Step], _ order: [Module]) -> Int? {
    func fits(_ step: Int) -> Bool {
      steps.indices.contains(step) && steps[step].outputs == norm.outputs && !steps[step].hasNorm
    }
    let maps = order.filter { $0.weight != nil }
    let numbered = maps.indices.filter { maps[$0].lastNumber != nil && maps[$0].lastNumber == norm.lastNumber }
    let siblings = numbered.filter { maps[$0].parent == norm.parent && fits($0) }
    return siblings.first ?? (fits(after) ? after : nil)
  }

  /// The tensors of one prefix.
  private struct Module {
    let prefix: String
    var weight: (number: Int, shape: TensorShape)?
    var vectors: [Vector] = []
    var outputs = 0

    var parent: Substring { prefix.lastIndex(of: ".").map { prefix[..<$0] } ?? "" }

    var lastNumber: Int? {
      let digits = prefix.reversed().drop { !$0.isNumber }.prefix { $0.isNumber }.reversed()
      return Int(String(digits))
    }

    /// Adds a tensor.
    ///
    /// - Returns: false where it is not understood.
    mutating func add(_ number: Int, _ leaf: Substring, _ shape: TensorShape) -> Bool {
      let extents = shape.extents
      guard extents.count != 1 || outputs == 0 || extents[0] == outputs else { return false }
      if extents.count >= 2 {
        guard weight == nil, outputs == 0 || outputs == extents[0] else { return false }
        weight = (number, shape)
        outputs = extents[0]
        return true
      }
      guard extents.count == 1, let use = Self.uses[leaf] else { return false }
      vectors.append(Vector(number: number, use: use))
      outputs = extents[0]
      return true
    }

    private static let uses: [Substring: Use] = [
      "weight": .gain, "gamma": .gain, "bias": .shift, "beta": .shift, "running_mean": .mean, "moving_mean": .mean,
      "running_var": .variance, "moving_variance": .variance,
    ]

    /// What is added to a map's own outputs is no shift of a norm.
    mutating func close() -> Bool {
      guard weight != nil else { return vectors.contains { $0.use != .shift } }
      guard vectors.allSatisfy({ $0.use == .shift }) else { return false }
      vectors = vectors.map { Vector(number: $0.number, use: .bias) }
      return true
    }
  }

  private struct Modules {
    /// By top-level part, in the order of names read as people read them.
    private var parts: [[Module]] = []

    /// - Returns: nil where a tensor is not understood.
    init?(_ model: ModelRecord) {
      var modules: [String: Module] = [:]
      for (number, tensor) in model.tensors.enumerated() {
        // Counters say nothing.
        if tensor.shape.elements == 1 { continue }
        guard let dot = tensor.name.lastIndex(of: ".") else { return nil }
        let prefix = String(tensor.name[..<dot])
        var module = modules[prefix] ?? Module(prefix: prefix)
        guard module.add(number, tensor.name[dot...].dropFirst(), tensor.shape) else { return nil }
        modules[prefix] = module
      }
      var parts: [Substring: [Module]] = [:]
      for var module in modules.values {
        guard module.close() else { return nil }
        parts[module.prefix.prefix { $0 != "." }, default: []].append(module)
      }
      guard !parts.isEmpty else { return nil }
      let names = parts.keys.sorted { NaturalOrder.isBefore(String($0), String($1)) }
      self.parts = names.map { name in
        (parts[name] ?? []).sorted { NaturalOrder.isBefore($0.prefix, $1.prefix) }
      }
    }

    /// The orders in which the modules may follow one another: that of their names, and, where these have few
    /// parts, every order of the parts.
    func orders(mostParts: Int) -> [[Module]] {
      guard parts.count > 1, parts.count <= mostParts else { return [parts.flatMap(\.self)] }
      var orders: [[Int]] = [[]]
      for _ in parts {
        orders = orders.flatMap { order in parts.indices.filter { !order.contains($0) }.map { order + [$0] } }
      }
      return orders.map { $0.flatMap { parts[$0] } }
    }
  }
}
