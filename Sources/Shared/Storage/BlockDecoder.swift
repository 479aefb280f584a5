internal import CKernels
internal import Core
internal import Encodings
internal import System

/// Reads neighboring numbers of an array and decodes them.
final class BlockDecoder {
  /// Encoded blocks, and their numbers where those do not go straight to their place.
  private let encoded: UnsafeMutableRawBufferPointer
  private let numbers: UnsafeMutableBufferPointer<Float>
  private lazy var companions = CompanionReader(bufferBytes: encoded.count)

  init(bufferBytes: Int) {
    encoded = .allocate(byteCount: bufferBytes, alignment: 64)
    numbers = .allocate(capacity: bufferBytes / MemoryLayout<Float>.stride)
  }

  deinit {
    encoded.deallocate()
    numbers.deallocate()
  }

  /// - Parameters:
  ///   - range: of the array's numbers, row-major.
  ///   - type: the array's own if it is plain, or Float or Double.
  ///   - target: where they go, side by side.
  /// - Returns: false when the reading was cancelled.
  func read(
    _ array: StoredArray, _ range: Range<Int>, as type: ElementType, into target: UnsafeMutableRawPointer,
    _ reading: SegmentReader.Read
  ) throws(Failure) -> Bool {
    let encoding = array.encoding
    guard !encoding.isPlain || encoding.elementType != type else {
      let row = UnsafeMutableRawBufferPointer(start: target, count: range.count * type.bytes)
      return try reading(array.file, row, array.offset + range.lowerBound * type.bytes)
    }
    precondition(type == .f32 || type == .f64, "\(encoding) is not decoded to \(type)")
    let size = encoding.blockElements
    guard let floats = numbers.baseAddress, let bytes = encoded.baseAddress else { return false }
    let most = max(1, min(encoded.count / encoding.blockBytes, numbers.count / size))
    let end = (range.upperBound + size - 1) / size
    // What belongs to a row of the array alone is read row by row; and so are long rows that share their scales, as the
    // scales of two pieces of rows may be those of all columns.
    let isLong = array.columns >= numbers.count && array.columns % size == 0 && array.hasSharedColumns
    let rowBlocks = array.isReadByRows || isLong ? array.columns / size : .max
    var block = range.lowerBound / size
    while block < end {
      let count = min(most, end - block, rowBlocks - block % rowBlocks)
      guard try readBlocks(array, block..<block + count, rowBlocks, reading) else { return false }
      let own = block * size..<min((block + count) * size, array.shape.elements)
      var parts: [EncodedBlocks.Companion] = []
      if !array.companions.isEmpty {
        guard let found = try companions.numbers(of: array, own, reading) else { return false }
        parts = found
      }
      let blocks = EncodedBlocks(
        bytes: bytes, count: count, first: block, elements: own.count, columns: array.columns, companions: parts)
      // What of the blocks is asked for.
      let part = range.clamped(to: block * size..<(block + count) * size)
      let place = target + (part.lowerBound - range.lowerBound) * type.bytes
      if type == .f32, part.count == count * size {
        encoding.decode(blocks, to: place.assumingMemoryBound(to: Float.self))
      } else {
        encoding.decode(blocks, to: floats)
        let from = floats + (part.lowerBound - block * size)
        if type == .f32 {
          place.copyMemory(from: from, byteCount: part.count * MemoryLayout<Float>.stride)
        } else {
          mt_widen_f32_f64(from, place.assumingMemoryBound(to: Double.self), part.count)
        }
      }
      block += count
    }
    return true
  }

  /// Fills `encoded`, plane by plane.
  private func readBlocks(
    _ array: StoredArray, _ blocks: Range<Int>, _ rowBlocks: Int, _ reading: SegmentReader.Read
  ) throws(Failure) -> Bool {
    let encoding = array.encoding
    guard encoding.planes > 1 else {
      let chunk = UnsafeMutableRawBufferPointer(rebasing: encoded[..<(blocks.count * encoding.blockBytes)])
      return try reading(array.file, chunk, array.offset + blocks.lowerBound * encoding.blockBytes)
    }
    let width = encoding.blockBytes / encoding.planes
    let (row, column) = blocks.lowerBound.quotientAndRemainder(dividingBy: rowBlocks)
    for plane in 0..<encoding.planes {
      let part = encoded[plane * blocks.count * width..<(plane + 1) * blocks.count * width]
      let start = ((row * encoding.planes + plane) * rowBlocks + column) * width
      guard try reading(array.file, UnsafeMutableRawBufferPointer(rebasing: part), array.offset + start) else {
        return false
      }
    }
    return true
  }
}
