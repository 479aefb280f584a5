internal import Core
internal import Foundation
internal import Storage
internal import Synchronization

/// Where one model's part of a shard lies.
struct Slice: Sendable {
  let tensor: String
  let file: WeightFile
  /// Byte offset of the shard's first coordinate.
  let offset: Int
  let elementBytes: Int
}

/// Reads a shard block by block into two buffers: while one is being computed on, a thread of its
/// own fills the other.
final class BlockStream {
  private let slices: [Slice]
  private let blocks: [Range<Int>]
  private let slots: [Slot]
  private let shared: Shared
  private var position = 0
  private let onRead: @Sendable (Int) -> Void

  /// What the reading thread and the computing thread have in common.
  private final class Shared: Sendable {
    let empty = DispatchSemaphore(value: 0)
    let full = DispatchSemaphore(value: 0)
    let state = Mutex(State())

    struct State {
      var failure: Failure?
      var cancelled = false
    }

    init(slots: Int) {
      // Signalled, not created with the value: Dispatch aborts the program when a semaphore goes
      // with less than it was created with, and a cancelled stream may leave it so.
      for _ in 0..<slots { empty.signal() }
    }
  }

  /// One buffer: a row per model, each aligned to a cache line.
  ///
  /// `@unchecked Sendable`: the semaphores of `Shared` hand a slot from one thread to the other.
  private final class Slot: @unchecked Sendable {
    let memory: UnsafeMutableRawBufferPointer
    let starts: [Int]

    init(coordinates: Int, slices: [Slice]) {
      var starts: [Int] = []
      var bytes = 0
      for slice in slices {
        starts.append(bytes)
        bytes += BlockStream.aligned(coordinates * slice.elementBytes)
      }
      self.starts = starts
      memory = .allocate(byteCount: bytes, alignment: 64)
    }

    deinit { memory.deallocate() }
  }

  static func aligned(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }

  /// - Parameters:
  ///   - coordinates: of the shard.
  ///   - blockCoordinates: of each block but the last.
  ///   - onRead: told the bytes of every read, on the reading thread.
  init(
    slices: [Slice], coordinates: Int, blockCoordinates: Int,
    onRead: @escaping @Sendable (Int) -> Void
  ) {
    self.slices = slices
    self.onRead = onRead
    blocks = stride(from: 0, to: coordinates, by: blockCoordinates).map {
      $0..<min($0 + blockCoordinates, coordinates)
    }
    slots = (0..<min(2, blocks.count)).map { _ in
      Slot(coordinates: min(blockCoordinates, coordinates), slices: slices)
    }
    shared = Shared(slots: slots.count)
    // A shard of one block has nothing to overlap with: it is read by whoever computes it.
    if blocks.count > 1 { startReading() }
  }

  deinit {
    shared.state.withLock { $0.cancelled = true }
    // The reading thread may wait for room; it sees the mark and ends.
    shared.empty.signal()
    shared.empty.signal()
  }

  private func startReading() {
    let (slices, blocks, slots, shared, onRead) = (slices, blocks, slots, shared, onRead)
    let thread = Thread {
      for (index, block) in blocks.enumerated() {
        shared.empty.wait()
        guard !shared.state.withLock({ $0.cancelled }) else { return }
        do throws(Failure) {
          try Self.fill(slots[index % 2], with: block, of: slices, onRead)
        } catch {
          shared.state.withLock { $0.failure = error }
          shared.full.signal()
          return
        }
        shared.full.signal()
      }
    }
    thread.name = "reader"
    thread.start()
  }

  private static func fill(
    _ slot: Slot, with block: Range<Int>, of slices: [Slice], _ onRead: (Int) -> Void
  ) throws(Failure) {
    for (slice, start) in zip(slices, slot.starts) {
      let bytes = block.count * slice.elementBytes
      let row = UnsafeMutableRawBufferPointer(rebasing: slot.memory[start..<start + bytes])
      try slice.file.read(
        into: row, at: slice.offset + block.lowerBound * slice.elementBytes, what: slice.tensor)
      onRead(bytes)
    }
  }

  /// Hands the next block to `body`: a pointer per model and the number of coordinates.
  ///
  /// - Returns: false when there are no more blocks.
  func next(_ body: ([UnsafeRawPointer], Int) -> Void) throws(Failure) -> Bool {
    guard position < blocks.count else { return false }
    let slot = slots[position % 2 % slots.count]
    if blocks.count == 1 {
      try Self.fill(slot, with: blocks[0], of: slices, onRead)
    } else {
      shared.full.wait()
      if let failure = shared.state.withLock({ $0.failure }) { throw failure }
    }
    guard let base = slot.memory.baseAddress else { return false }
    body(slot.starts.map { UnsafeRawPointer(base + $0) }, blocks[position].count)
    position += 1
    shared.empty.signal()
    return true
  }
}
