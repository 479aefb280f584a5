package import Core

/// The tensors that a published rule uses: square matrices, all or those of named kinds.
package struct SquareLayers: Sendable {
  private let words: [String]

  /// - Parameter words: parts of tensor names, such as `o_proj` or `query|key`; nil: any name.
  package init(_ words: String?) {
    self.words = words.map { $0.split(separator: "|").map(String.init) } ?? []
  }

  package func includes(name: String, shape: TensorShape) -> Bool {
    shape.isSquare && (words.isEmpty || words.contains { name.contains($0) })
  }

  func includes(_ tensor: TensorSums) -> Bool { includes(name: tensor.name, shape: tensor.shape) }

  /// Stands for the kinds that the authors' program uses.
  package static let published = "published"
}

extension DistanceMetric {
  /// The authors' own layer kinds, in the names that today's networks use.
  private static let outputs = "o_proj|attention.output.dense|to_out"
  private static let values = "v_proj|value|to_v"

  /// The layers that the distance is computed on.
  package func distanceLayers(_ words: String?) -> SquareLayers {
    guard words == SquareLayers.published else { return SquareLayers(words) }
    return SquareLayers(self == .motherLoRA ? Self.values : nil)
  }

  /// The layers that the kurtosis is computed on.
  package func scoreLayers(_ words: String?) -> SquareLayers {
    guard words == SquareLayers.published else { return SquareLayers(words) }
    return SquareLayers(self == .motherLoRA ? Self.values : Self.outputs)
  }
}
