internal import CKernels
internal import Core
internal import Encodings
internal import System

/// Reads neighboring numbers of an array and decodes them.
final class BlockDecoder {
  /// Encoded blocks, and their numbers where those do not go straight to their place.
  private let encoded: UnsafeMutableRawBufferPointer
  private let numbers: UnsafeMutableBufferPointer<Float>
  /// Of the array that was read last.
  private var companions: (array: StoredArray, numbers: [[Float]])?

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
    guard let companions = try companionNumbers(of: array, reading) else { return false }
    guard let floats = numbers.baseAddress, let bytes = encoded.baseAddress else { return false }
    let most = max(1, min(encoded.count / encoding.blockBytes, numbers.count / size))
    let end = (range.upperBound + size - 1) / size
    var block = range.lowerBound / size
    while block < end {
      let count = min(most, end - block)
      let chunk = UnsafeMutableRawBufferPointer(rebasing: encoded[..<(count * encoding.blockBytes)])
      guard try reading(array.file, chunk, array.offset + block * encoding.blockBytes) else { return false }
      let blocks = EncodedBlocks(
        bytes: bytes, count: count, first: block, columns: array.columns, companions: companions)
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

  private func companionNumbers(of array: StoredArray, _ reading: SegmentReader.Read) throws(Failure) -> [[Float]]? {
    guard !array.companions.isEmpty else { return [] }
    if let companions, companions.array == array { return companions.numbers }
    var all: [[Float]] = []
    for companion in array.companions {
      let count = companion.shape.elements
      let numbers = UnsafeMutablePointer<Float>.allocate(capacity: max(1, count))
      defer { numbers.deallocate() }
      guard try read(companion, 0..<count, as: .f32, into: numbers, reading) else { return nil }
      all.append(Array(UnsafeBufferPointer(start: numbers, count: count)))
    }
    companions = (array, all)
    return all
  }
}
