internal import Core
internal import Foundation
internal import Storage
internal import System

/// One model's part of a shard.
struct Slice: Sendable {
  let tensor: StoredTensor
  /// What its rows consist of in memory.
  let type: ElementType
  /// Of the tensor: the shard's first.
  let start: Int
  /// Open, by the coordinator's names.
  let sources: [ByteString: WeightSource]
  /// Coordinates that are read at a time where a block alone would be a narrow strip of the file; 0: as many
  /// as a block has.
  let panelCoordinates: Int

  /// In the order of reading; nil where rows must be decoded or put together.
  fileprivate var plain: (source: WeightSource, offset: Int)? {
    guard let (file, offset) = tensor.plainPlace, let source = sources[ByteString(file)] else { return nil }
    return (source, offset + start * type.bytes)
  }
}

/// Reads one model's part of a shard, block by block.
final class SliceReader {
  private let slice: Slice
  private let coordinates: Int
  private let plain: (source: WeightSource, offset: Int)?
  private var panel = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  /// What the panel holds, counted from the start of the shard.
  private var held = 0..<0

  /// - Parameter coordinates: of the shard.
  init(_ slice: Slice, coordinates: Int) {
    self.slice = slice
    self.coordinates = coordinates
    plain = slice.plain
  }

  deinit { panel.deallocate() }

  /// Who asks for bytes, and who is told of them.
  struct Request {
    let limit: ReadLimit?
    let isCancelled: () -> Bool
    let onRead: (Int) -> Void
  }

  /// - Parameters:
  ///   - block: counted from the start of the shard.
  ///   - segments: of the reading thread.
  /// - Returns: false when it was cancelled.
  func read(
    _ block: Range<Int>, into row: UnsafeMutableRawBufferPointer, _ segments: SegmentReader, _ request: Request
  ) throws(Failure) -> Bool {
    if let plain {
      return try plain.source.read(
        into: row, at: plain.offset + block.lowerBound * slice.type.bytes, what: slice.tensor.name,
        limit: request.limit, isCancelled: request.isCancelled, onRead: request.onRead)
    }
    guard var target = row.baseAddress else { return true }
    guard slice.panelCoordinates > 0 else { return try decode(block, into: target, segments, request) }
    var start = block.lowerBound
    while start < block.upperBound {
      if !held.contains(start) {
        let first = start / slice.panelCoordinates * slice.panelCoordinates
        let next = first..<min(first + slice.panelCoordinates, coordinates)
        if panel.baseAddress == nil {
          panel = .allocate(byteCount: next.count * slice.type.bytes, alignment: ShardGeometry.cacheLine)
        }
        guard let base = panel.baseAddress, try decode(next, into: base, segments, request) else { return false }
        held = next
      }
      let part = start..<min(block.upperBound, held.upperBound)
      let bytes = part.count * slice.type.bytes
      guard let base = panel.baseAddress else { return false }
      target.copyMemory(from: base + (part.lowerBound - held.lowerBound) * slice.type.bytes, byteCount: bytes)
      target += bytes
      start = part.upperBound
    }
    return true
  }

  private func decode(
    _ range: Range<Int>, into target: UnsafeMutableRawPointer, _ segments: SegmentReader, _ request: Request
  ) throws(Failure) -> Bool {
    let own = slice.start + range.lowerBound..<slice.start + range.upperBound
    return try segments.read(slice.tensor, own, as: slice.type, into: target) {
      (file, bytes, offset) throws(Failure) in
      guard let source = slice.sources[ByteString(file)] else {
        throw Failure(.unclassified, "'\(file.printable)' is not open for '\(slice.tensor.name.printable)'")
      }
      return try source.read(
        into: bytes, at: offset, what: slice.tensor.name, limit: request.limit, isCancelled: request.isCancelled,
        onRead: request.onRead)
    }
  }
}
