internal import Core
internal import Encodings
internal import Spectra
internal import Storage
internal import System

/// Reads one tensor of a model, once, and keeps what a fingerprint holds of it.
enum TensorReading {
  /// Numbers that are read at a time, and of matrices that are stored turned.
  private static let piece = 1 << 20
  private static let turnedPiece = 1 << 23
  /// Shorter side of the blocks whose spectra are taken. The same for all models, so that spectra can be compared.
  private static let spectrumSide = 256

  struct Result: Sendable {
    var content: ContentHash
    /// nil where the tensor was not chosen.
    var tensor: FingerprintTensor?
  }

  /// - Parameters:
  ///   - name: canonical.
  ///   - choice: what is kept; nil: nothing but the hash.
  /// - Throws: `Failure` when the weights cannot be read.
  static func read(
    _ stored: StoredTensor, name: String, shape: TensorShape, choice: TensorSelection.Choice?
  ) throws(Failure) -> Result {
    var content = ContentHash()
    let most = stored.recipe.isTurned ? turnedPiece : piece
    guard let choice else {
      try stored.eachPiece(ofAtMost: most) { _, numbers throws(Failure) in content.add(numbers) }
      return Result(content: content)
    }
    var made = FingerprintTensor(
      name: TensorKey.bounded(name), shape: shape, moments: .empty, content: content,
      noise: rounded(stored.encodings.map(\.noise).max() ?? 0), collinearity: rounded(stored.collinearity), bands: [],
      sample: SampleBlock(shape: SampleShape(rows: 0, columns: 0), values: []))
    let layout = SampleLayout(shape, isTable: made.isTable, size: choice.size)
    let block =
      choice.hasSpectrum
      ? SpectrumGrid.place(columns: shape.columns, coordinates: 0..<shape.elements, side: spectrumSide) : nil
    var moments = ExactMoments()
    var sample = WeightGatherer(width: shape.columns, rows: layout.rows, columns: layout.columns)
    var window = block.map { WeightGatherer(width: shape.columns, rows: $0.rows, columns: $0.columns) }
    try stored.eachPiece(ofAtMost: most) { start, numbers throws(Failure) in
      content.add(numbers)
      moments.add(numbers)
      sample.add(numbers, at: start)
      window?.add(numbers, at: start)
    }
    made.content = content
    made.moments = moments.total
    made.sample = SampleBlock(shape: layout.shape, values: sample.values)
    if let block, let window {
      made.bands = BandEnergies.of(SampleBlock(shape: block.shape, values: window.values)).map(rounded)
    }
    return Result(content: content, tensor: made)
  }

  /// To single precision, in which fingerprints keep them: the last digits of spectra depend on the processor.
  private static func rounded(_ value: Double) -> Double { Double(Float(value)) }
}
