package import Core
internal import Encodings

/// A model that was put together from others: a mean or an interpolation, a sum of task vectors (a base plus multiples
/// of what its descendants learned), layers of different models, or such a sum that drops weights. See `MergeSearch`.
package struct Merge: Sendable, Equatable {
  package let child: Int
  /// Those with positive shares.
  package let parents: [Int]
  /// Of the parents, as they enter the sum, over the whole model.
  package let shares: [Double]
  /// Distance of the child from the combination, over its distance from its nearest relative; what
  /// rounding of the child explains is taken out.
  package let misfit: Double
  /// What speaks for the child being the last one made: see `Order`.
  package var order = Order.known

  /// Three models on one line have one that lies between the others, and each may have been made of them: the one in
  /// between as a mean, or an outer one by going on beyond it. Two models trained in turns, each on other layers, look
  /// like their base and a stack. Only a base of the parents that lies off that line tells.
  package enum Order: Sendable {
    case known, ofMean, ofStack

    /// What remains of the support.
    package var support: Double {
      switch self {
      case .known: 1
      case .ofMean: 0.8
      case .ofStack: 0.6
      }
    }
  }

  /// Where all models lie relative to each other, by their linear maps.
  package struct Geometry: Sendable {
    /// Squared distances, n x n.
    package private(set) var squares: SquareMatrix
    /// Weights that the squared distances are over.
    private var weights: SquareMatrix

    /// Rounding errors are granted this much more than their mean.
    private static let allowance = 1.3
    /// Models that share less of their weights with another than this share of what they share with the first are not
    /// put together: distances over different tensors make no geometry.
    private static let leastShared = 0.9

    /// - Parameter n: models.
    package init(models n: Int) {
      squares = SquareMatrix(n)
      weights = squares
    }

    package mutating func add(_ view: TensorView, _ scope: Scope) {
      let tensor = view.tensor
      tensor.forEachPair { p, a, b in
        let (i, j) = (tensor.models[a], tensor.models[b])
        guard scope.includes(tensor.role, i, j) else { return }
        squares.setBoth(i, j, squares[i, j] + tensor.sums.l2[p])
        weights.setBoth(i, j, weights[i, j] + Double(tensor.shape.elements))
      }
    }

    /// Cosine of the step from the first model to the second and of the one from there to the third; nil where they do not
    /// share the same tensors, or where a step is none.
    func cosineOfSteps(_ first: Int, _ second: Int, _ third: Int) -> Double? {
      guard weights[first, second] == weights[second, third], weights[first, third] == weights[first, second] else {
        return nil
      }
      let (step, next) = (squares[first, second], squares[second, third])
      let cosine = (squares[first, third] - step - next) / (2 * (step * next).squareRoot())
      return cosine.isFinite ? cosine : nil
    }

    /// The relatives that are nearest to a model and share its tensors, nearest first; none that equals it.
    func nearest(to model: Int, among members: [Int], count: Int) -> [Int] {
      let most = members.map { $0 == model ? 0 : weights[model, $0] }.max() ?? 0
      let relatives = members.filter {
        $0 != model && squares[model, $0] > 0 && weights[model, $0] >= Self.leastShared * most
      }
      return Nearest.models(count, of: relatives) { squares[model, $0] }
    }

    /// Relatives that are not among the nearest, with which and with another a model may be a mean, by the sums over all
    /// tensors; with those others.
    ///
    /// - Parameter near: the nearest.
    func partners(of model: Int, beyond near: [Int], among members: [Int], looking: Int, count: Int) -> [Int] {
      let all = nearest(to: model, among: members, count: looking)
      guard all.count > near.count, let first = all.first else { return [] }
      let most = Self.mostOfMean * squares[model, first]
      var found: [Int] = []
      for far in all.dropFirst(near.count) {
        for other in all where other != far && found.count < count {
          let apart = squares[other, far]
          let share = (squares[model, other] + apart - squares[model, far]) / (2 * apart)
          guard Self.sharesOfMean.contains(share), squares[model, other] - share * share * apart <= most else {
            continue
          }
          for partner in [far, other] where !near.contains(partner) && !found.contains(partner) {
            found.append(partner)
          }
        }
      }
      return Array(found.prefix(count))
    }

    /// Squared distance from a mean of two, over that from the nearest relative; and the shares that it has.
    private static let mostOfMean = 0.02
    private static let sharesOfMean = 0.02...0.98

    /// Squared distance by which rounding moves a tensor.
    static func noise(_ rounding: Double, energy: Double) -> Double {
      allowance * Encoding.roundingSquares * rounding * rounding * energy
    }
  }
}
