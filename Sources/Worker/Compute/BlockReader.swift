internal import Core
internal import Foundation
internal import Storage
internal import Synchronization
internal import System

/// A shard to be read: all slices, block by block.
struct Reading: Sendable {
  let slices: [Slice]
  let coordinates: Int
  /// Where blocks end whatever their size; the last is the end of the shard.
  let pieceEnds: [Int]
  /// Of each block but the last of a piece.
  let blockCoordinates: Int
  /// The most that the buffers may hold together, in bytes.
  let bufferBytes: Int
  let isCancelled: @Sendable () -> Bool
}

/// Reads shards ahead of the computing thread, on a thread of its own, into a ring of buffers that
/// live as long as the reader: while one is being computed on, the others are filled, with the
/// next blocks of the shard or the first ones of the next shard.
final class BlockReader<Job: Sendable>: Sendable {
  /// What comes out, in the order of the jobs and their blocks.
  enum Item: Sendable {
    /// Hand the slot back by `release` when the block was computed on.
    ///
    /// `endsPiece` where there are several pieces.
    case block(Job, slot: Int, count: Int, bytes: Int, endsPiece: Bool, isLast: Bool)
    case failed(Job, Failure)
    case cancelled(Job)
    case end
  }

  private let slots: [Slot]
  private let empty = DispatchSemaphore(value: 0)
  private let full = DispatchSemaphore(value: 0)
  private let items = Mutex<[Item]>([])
  private let limit: ReadLimit?
  private let onRead: @Sendable (Int) -> Void

  /// - Parameters:
  ///   - limit: how fast files may be read; nil: as fast as they come.
  ///   - next: the next job and how to read it; nil ends the reader. Called on the reading thread,
  ///     may wait.
  ///   - onRead: told the bytes of every read, on the reading thread.
  init(
    limit: ReadLimit?, next: @escaping @Sendable () -> (Job, Result<Reading, Failure>)?,
    onRead: @escaping @Sendable (Int) -> Void
  ) {
    slots = (0..<ShardGeometry.buffers).map { _ in Slot() }
    self.limit = limit
    self.onRead = onRead
    // Signalled, not created with the value: Dispatch aborts the program when a semaphore goes
    // with less than it was created with.
    for _ in slots { empty.signal() }
    let thread = Thread { [self] in
      var slot = 0
      let segments = SegmentReader()
      while let (job, reading) = next() { read(job, reading, &slot, segments) }
      post(.end)
    }
    thread.name = "reader"
    thread.start()
  }

  /// The next item; waits for it.
  func take() -> Item {
    full.wait()
    return items.withLock { $0.removeFirst() }
  }

  /// Where each model's weights start in a slot that was handed out.
  func rows(of slot: Int) -> [UnsafeRawPointer] { slots[slot].rows }

  func release(_ slot: Int) {
    _ = slot  // Slots are handed out and come back in turn.
    empty.signal()
  }

  private func post(_ item: Item) {
    items.withLock { $0.append(item) }
    full.signal()
  }

  private func read(
    _ job: Job, _ reading: Result<Reading, Failure>, _ slot: inout Int, _ segments: SegmentReader
  ) {
    do throws(Failure) {
      let reading = try reading.get()
      let readers = reading.slices.map { SliceReader($0, coordinates: reading.coordinates) }
      var start = 0
      var pieces = reading.pieceEnds[...]
      while start < reading.coordinates {
        let end = min(start + reading.blockCoordinates, pieces.first ?? reading.coordinates)
        empty.wait()
        guard !reading.isCancelled() else {
          empty.signal()
          return post(.cancelled(job))
        }
        var bytes = 0
        do throws(Failure) {
          let request = SliceReader.Request(limit: limit, isCancelled: reading.isCancelled) { [onRead] in
            bytes += $0
            onRead($0)
          }
          let isFull = try slots[slot].fill(start..<end, of: reading, readers, segments, request)
          guard isFull else {
            empty.signal()
            return post(.cancelled(job))
          }
        } catch {
          empty.signal()
          throw error
        }
        let endsPiece = end == pieces.first
        if endsPiece { pieces.removeFirst() }
        post(
          .block(
            job, slot: slot, count: end - start, bytes: bytes, endsPiece: endsPiece && reading.pieceEnds.count > 1,
            isLast: end == reading.coordinates))
        slot = (slot + 1) % slots.count
        start = end
      }
    } catch {
      post(.failed(job, error))
    }
  }
}

/// One buffer: a row per model, each aligned to a cache line.
///
/// `@unchecked Sendable`: the semaphores of `BlockReader` hand a slot from one thread to the other.
private final class Slot: @unchecked Sendable {
  private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private(set) var rows: [UnsafeRawPointer] = []

  deinit { free(memory.baseAddress) }

  /// - Returns: false when the shard was cancelled while it waited for its turn to read.
  func fill(
    _ block: Range<Int>, of reading: Reading, _ readers: [SliceReader], _ segments: SegmentReader,
    _ request: SliceReader.Request
  ) throws(Failure) -> Bool {
    let widths = reading.slices.map { $0.type.bytes * reading.blockCoordinates }
    try reserve(
      widths.reduce(0) { $0 + ShardGeometry.alignedRow($1) },
      atMost: reading.bufferBytes / ShardGeometry.buffers)
    rows.removeAll(keepingCapacity: true)
    var start = 0
    for (index, width) in widths.enumerated() {
      let bytes = block.count * reading.slices[index].type.bytes
      let row = UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + bytes])
      guard try readers[index].read(block, into: row, segments, request) else { return false }
      if let base = row.baseAddress { rows.append(UnsafeRawPointer(base)) }
      start += ShardGeometry.alignedRow(width)
    }
    return true
  }

  /// Keeps the memory from shard to shard, unless it is too small, or more than this shard leaves.
  private func reserve(_ bytes: Int, atMost limit: Int) throws(Failure) {
    guard memory.count < bytes || memory.count > max(limit, bytes) else { return }
    free(memory.baseAddress)
    memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    // Large pages save most page faults and address look-ups.
    let page = bytes >= 2 << 20 ? 2 << 20 : 4096
    var base: UnsafeMutableRawPointer?
    guard posix_memalign(&base, page, bytes) == 0, let base else {
      throw Failure(
        .resumable, "there is no memory left for a buffer of \(ByteCount(bytes: bytes))",
        advice: "give --memory less, or start fewer workers on this machine")
    }
    if page > 4096 { madvise(base, bytes, MADV_HUGEPAGE) }
    memory = UnsafeMutableRawBufferPointer(start: base, count: bytes)
  }
}
