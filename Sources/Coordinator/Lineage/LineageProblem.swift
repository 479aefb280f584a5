internal import Encodings
package import Graph

/// What solving needs to know beside the sums: of each model, what no weight says, and what the user asked for.
package struct LineageProblem: Sendable {
  /// Per model: unit roundoff of the type that most of its weights are stored in.
  package var rounding: [Double]
  package var options: LineageOptions
  /// Models without weights of their own.
  package var adapters: Set<Int>
  /// How to read what adapters change; nil: each adapter is left a family of one.
  package var updates: AdapterUpdates?
  /// Edges that must not be, for example because the parent is known to be younger than the child.
  package var isForbidden: @Sendable (_ parent: Int, _ child: Int) -> Bool
  /// Mean squared error of the encoding that a model keeps a tensor in, over the mean square of weights.
  package var noise: @Sendable (_ tensor: Int, _ model: Int) -> Double
  /// Models that arithmetic brought into the coordinates of another one, which errs a little.
  package var restored: Set<Int> = []
  /// Models whose experts are the MLPs of models without experts.
  package var upcycled: Set<Int> = []
  /// Are ancestors looked for that are not there?
  package var findsAncestors = true
  /// Models with quantized weights that are not read: in which scheme.
  package var unread: [Int: String] = [:]
  /// What became of a parent's layers in a child.
  package var layers: @Sendable (_ parent: Int, _ child: Int) -> LayerChange = { _, _ in .none }
  /// Adapters whose base is not among the models: factors, which training lengthens as a whole.
  package var factors: Set<Int> = []
  /// Per model: the relative error up to which its weights are those of a copy.
  package var tolerances: [Double]
  /// Models with weights that are not compared with any other's.
  package var partial: Set<Int> = []
  /// What was undone to bring a model into the form of another one, and whether their formats are the same.
  package var form: @Sendable (Int, Int) -> (isSame: Bool, transforms: [Transform]) = { _, _ in (true, []) }
  /// Per model: rows of its largest table of tokens; 0 where it has none or that is not known.
  package var tokens: [Int]
  /// How much of a model has a counterpart in another one.
  package var overlap = NetworkOverlap([])
  /// Do two models have the same tensors? Only then can they be duplicates.
  package var haveSameSignature: @Sendable (Int, Int) -> Bool

  package enum LayerChange: Sendable {
    case none
    /// Some are gone; and no other came again.
    case removed
    /// Some come again.
    case added
  }

  package init(
    rounding: [Double], options: LineageOptions, adapters: Set<Int> = [], tokens: [Int]? = nil,
    updates: AdapterUpdates? = nil,
    isForbidden: @escaping @Sendable (_ parent: Int, _ child: Int) -> Bool = { _, _ in false },
    haveSameSignature: @escaping @Sendable (Int, Int) -> Bool
  ) {
    self.rounding = rounding
    self.options = options
    self.adapters = adapters
    self.tokens = tokens ?? rounding.map { _ in 0 }
    self.updates = updates
    tolerances = rounding.map { _ in Duplicates.relativeError }
    self.isForbidden = isForbidden
    self.haveSameSignature = haveSameSignature
    noise = { _, model in Encoding.roundingSquares * rounding[model] * rounding[model] }
  }

  /// Error of an encoding from which on it is no rounding of numbers one by one. Finer roundings leave what training did
  /// not touch as it was in parent and child, unless one of them was rounded in other coordinates.
  private static let coarse = 1e-5

  /// Of the error of an encoding, what is at right angles to all else, and can be taken out of distances.
  func independentNoise(tensor: Int, model: Int) -> Double {
    let noise = noise(tensor, model)
    return restored.contains(model) ? noise : Self.independentNoise(noise)
  }

  /// The same of the error of an encoding alone.
  package static func independentNoise(_ noise: Double) -> Double { noise > coarse ? noise : 0 }

  /// Models of the collection.
  package var modelCount: Int { rounding.count }
}
