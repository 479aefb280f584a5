package import Core

/// How stored bytes become numbers, as a value: whoever reads weights decodes them by one of these.
///
/// An array is stored as blocks, one after the other in row-major order: `blockBytes` bytes stand for
/// `blockElements` numbers. Each encoding has a file of its own beside this one, which names the source of
/// its format; `Encoding.all` lists them.
package struct Encoding: Sendable {
  /// As safetensors or GGUF calls it: `BF16`, `Q8_0`. Stores and `tree.json` name encodings by it.
  package let name: String
  /// As people call it: without the part of a byte that it reads.
  package var title: String { String(name.prefix { $0 != "#" }) }
  /// Numbers of a block.
  package let blockElements: Int
  package let blockBytes: Int
  /// What further arrays a block needs to be decoded, such as scales, zero points or code books; each is
  /// an array of its own, in this order.
  package let companions: [Companion]
  /// Numbers whose bits lie in several rows of words, one below the other: how many. A block is then `blockBytes`
  /// bytes together, of which each of these rows holds an equal part.
  package let planes: Int
  /// The type of the numbers in memory: the stored one for the four plain encodings, which the kernels
  /// widen while they compare; Float for what must be decoded before.
  package let elementType: ElementType
  /// Unit roundoff: the largest error of rounding to this encoding, relative to the number, or where a block
  /// has a scale of its own, to the largest number of the block.
  package let roundoff: Double
  /// Mean squared error of rounding normally distributed weights to this encoding, over their mean square.
  package let noise: Double
  /// How far `1 - cosine` of two parallel vectors may be from 0 after both were rounded to this
  /// encoding: the bound below which two embedding rows count as collinear.
  package let collinearity: Double
  /// Is it a data type of safetensors files?
  package let isSafetensors: Bool
  /// Do its bytes serve as numbers of `elementType` as they are?
  package let isPlain: Bool
  private let decoder: @Sendable (EncodedBlocks, UnsafeMutablePointer<Float>) -> Void

  /// Mean squared error of a number that was rounded to floating point, over the squares of the number and the unit
  /// roundoff: 1/3 within a binade, times the mean of 1 / x^2 over x from 1 to 2 by the log, is 1 / (8 ln 2).
  package static let roundingSquares = 0.18

  /// - Parameters:
  ///   - noise: nil: of rounding to a floating-point number.
  ///   - isPlain: nil: where it is called like its element type.
  ///   - decode: writes the numbers of all blocks, rounded to Float where they are wider.
  package init(
    _ name: String, blockElements: Int = 1, blockBytes: Int, planes: Int = 1, companions: [Companion] = [],
    elementType: ElementType = .f32, roundoff: Double, noise: Double? = nil, collinearity: Double,
    isSafetensors: Bool = false, isPlain: Bool? = nil,
    decode: @escaping @Sendable (EncodedBlocks, UnsafeMutablePointer<Float>) -> Void
  ) {
    precondition(blockElements > 0 && blockBytes > 0 && planes > 0 && blockBytes % planes == 0)
    self.name = name
    self.blockElements = blockElements
    self.blockBytes = blockBytes
    self.companions = companions
    self.elementType = elementType
    self.planes = planes
    self.roundoff = roundoff
    self.noise = noise ?? Self.roundingSquares * roundoff * roundoff
    self.collinearity = collinearity
    self.isSafetensors = isSafetensors
    self.isPlain = isPlain ?? (name == elementType.rawValue)
    decoder = decode
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
  /// - Parameters:
  ///   - blocks: what is decoded.
  ///   - numbers: room for `blocks.count * blockElements` numbers.
  package func decode(_ blocks: EncodedBlocks, to numbers: UnsafeMutablePointer<Float>) {
    decoder(blocks, numbers)
  }
}

extension Encoding {
  /// An array that another one needs to be decoded.
  package struct Companion: Sendable, Hashable {
    /// What a number of it belongs to.
    package enum Use: Sendable, Hashable {
      /// One number for each tile of the array: rows and columns of a rectangle, see `EncodedBlocks.Companion`.
      case tiles
      /// So many numbers for all of the array, such as the numbers that indices stand for.
      case table(Int)
      /// For each number of a column of the array, which row of the other companions belongs to it.
      case rowIndex
    }

    package let name: String
    package let use: Use

    package init(_ name: String, _ use: Use = .tiles) {
      self.name = name
      self.use = use
    }
  }
}

extension Encoding: Hashable {
  package static func == (a: Encoding, b: Encoding) -> Bool { a.name == b.name }
  package func hash(into hasher: inout Hasher) { name.hash(into: &hasher) }
}

extension Encoding: CustomStringConvertible {
  package var description: String { name }
}
