package import Core

/// How stored bytes become numbers, as a value: whoever reads weights decodes them by one of these.
///
/// An array is stored as blocks, one after the other in row-major order: `blockBytes` bytes stand for
/// `blockElements` numbers. Each encoding has a file of its own beside this one, which names the source of
/// its format; `Encoding.all` lists them.
package struct Encoding: Sendable {
  /// As safetensors or GGUF calls it: `BF16`, `Q8_0`. Stores and `tree.json` name encodings by it.
  package let name: String
  /// Numbers of a block.
  package let blockElements: Int
  package let blockBytes: Int
  /// What further arrays a block needs to be decoded, such as scales, zero points or code books; each is
  /// an array of its own, in the order of these names.
  package let companions: [String]
  /// The type of the numbers in memory: the stored one for the four plain encodings, which the kernels
  /// widen while they compare; Float for what must be decoded before.
  package let elementType: ElementType
  /// Unit roundoff: the largest error of rounding to this encoding, relative to the number, or where a block
  /// has a scale of its own, to the largest number of the block.
  package let roundoff: Double
  /// How far `1 - cosine` of two parallel vectors may be from 0 after both were rounded to this
  /// encoding: the bound below which two embedding rows count as collinear.
  package let collinearity: Double
  /// Is it a data type of safetensors files?
  package let isSafetensors: Bool
  private let decoder: @Sendable (EncodedBlocks, UnsafeMutablePointer<Float>) -> Void

  /// - Parameter decode: writes the numbers of all blocks, rounded to Float where they are wider.
  package init(
    _ name: String, blockElements: Int = 1, blockBytes: Int, companions: [String] = [],
    elementType: ElementType = .f32, roundoff: Double, collinearity: Double, isSafetensors: Bool = false,
    decode: @escaping @Sendable (EncodedBlocks, UnsafeMutablePointer<Float>) -> Void
  ) {
    precondition(blockElements > 0 && blockBytes > 0)
    self.name = name
    self.blockElements = blockElements
    self.blockBytes = blockBytes
    self.companions = companions
    self.elementType = elementType
    self.roundoff = roundoff
    self.collinearity = collinearity
    self.isSafetensors = isSafetensors
    decoder = decode
  }

  /// Do its bytes serve as numbers of `elementType` as they are?
  package var isPlain: Bool {
    blockElements == 1 && companions.isEmpty && blockBytes == elementType.bytes
  }

  /// Bytes that `elements` numbers take; nil when that is more than can be counted. The last block may be
  /// filled only in part.
  package func bytes(of elements: Int) -> Int? {
    let (blocks, rest) = elements.quotientAndRemainder(dividingBy: blockElements)
    let (bytes, isTooLarge) = (blocks + (rest > 0 ? 1 : 0)).multipliedReportingOverflow(by: blockBytes)
    return isTooLarge ? nil : bytes
  }

  /// Decodes whole blocks.
  ///
  /// - Parameter to: room for `blocks.count * blockElements` numbers.
  package func decode(_ blocks: EncodedBlocks, to numbers: UnsafeMutablePointer<Float>) {
    decoder(blocks, numbers)
  }
}

/// Consecutive whole blocks of an array, and what else it takes to decode them.
package struct EncodedBlocks {
  /// Needs no alignment.
  package let bytes: UnsafeRawPointer
  package let count: Int
  /// Number of the first of these blocks in its array.
  package let first: Int
  /// Columns of the array as a matrix: encodings whose scales belong to tiles need them.
  package let columns: Int
  /// The numbers of the companions, each whole, in the order of `Encoding.companions`.
  package let companions: [[Float]]

  package init(bytes: UnsafeRawPointer, count: Int, first: Int = 0, columns: Int = 1, companions: [[Float]] = []) {
    self.bytes = bytes
    self.count = count
    self.first = first
    self.columns = columns
    self.companions = companions
  }
}

extension Encoding: Hashable {
  package static func == (a: Encoding, b: Encoding) -> Bool { a.name == b.name }
  package func hash(into hasher: inout Hasher) { name.hash(into: &hasher) }
}

extension Encoding: CustomStringConvertible {
  package var description: String { name }
}
