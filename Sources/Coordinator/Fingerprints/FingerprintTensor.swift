package import Core
internal import Naming

/// What a fingerprint keeps of one canonical tensor.
package struct FingerprintTensor: Sendable, Equatable {
  /// Canonical; longer names than are kept end in a hash.
  package var name: String
  package var shape: TensorShape
  /// Of all weights.
  package var moments: Moments
  /// Of all weights, blind to their order.
  package var content: ContentHash
  /// Mean squared error of the encoding over the mean square of the weights.
  package var noise: Double
  /// How parallel rows of a table must be to count as collinear: see `Encoding.collinearity`.
  package var collinearity: Double
  /// Energies of the parts of the spectrum of a block, `SpectrumGrid.bands` of them; empty without a block.
  package var bands: [Double]
  /// The weights at the places of `layout`, row-major.
  package var sample: SampleBlock

  package init(
    name: String, shape: TensorShape, moments: Moments, content: ContentHash, noise: Double, collinearity: Double,
    bands: [Double], sample: SampleBlock
  ) {
    self.name = name
    self.shape = shape
    self.moments = moments
    self.content = content
    self.noise = noise
    self.collinearity = collinearity
    self.bands = bands
    self.sample = sample
  }

  package var role: TensorRole { TensorRole(part, shape: shape) }
  package var part: NetworkPart { NetworkPart(ofName: name) }
  package var isTable: Bool { shape.isTable(part) }

  /// Where the sample comes from.
  package var layout: SampleLayout { SampleLayout(shape, isTable: isTable, size: sample.shape) }

  /// Equal for tensors of two models that can be compared: of tables, whatever their number of rows.
  package var key: UInt64 { TensorKey.of(name, shape, isTable: isTable) }

  /// Equal for the tensors of all layers and experts.
  package var kind: String { CanonicalTensor.template(of: name) }
}
