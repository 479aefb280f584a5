internal import Core
internal import Encodings
internal import Storage

/// How the numbers of a strided view are read as a recipe.
enum StridedLayout {
  /// Where the numbers are.
  struct Memory {
    var encoding: Encoding
    var file: String
    /// Of the storage's first byte, in the file.
    var start: Int
    /// Numbers of the storage.
    var count: Int
  }

  /// - Parameters:
  ///   - extents: of the tensor; all positive.
  ///   - strides: steps from an element to the next along each extent, in elements.
  ///   - offset: of the first element in the storage.
  /// - Returns: nil when there is no recipe for it: overlapping or repeated elements, or more than a turned pair of axes.
  /// - Precondition: all elements lie within the storage (`last`).
  static func recipe(_ extents: [Int], strides: [Int], offset: Int, in memory: Memory) -> Recipe? {
    // As a matrix it must have the rows that the tensor has: others take rows of it.
    guard let recipe = matrix(extents, strides, offset, memory), recipe.size?.rows == extents.first ?? 1 else {
      return nil
    }
    return recipe
  }

  private static func matrix(_ extents: [Int], _ strides: [Int], _ offset: Int, _ memory: Memory) -> Recipe? {
    let axes = Self.axes(extents, strides)
    func stored(_ rows: Int, _ columns: Int, from: Int = 0) -> Recipe? {
      guard let shape = TensorShape([rows, columns]) else { return nil }
      return .stored(array(shape, from: offset + from, memory))
    }
    switch axes.count {
    case 0: return TensorShape(extents).map { .stored(array($0, from: offset, memory)) }
    case 1 where axes[0].stride == 1: return TensorShape(extents).map { .stored(array($0, from: offset, memory)) }
    case 1: return slice(rows: axes[0].extent, step: axes[0].stride, width: 1, stored)
    case 2 where axes[1].stride == 1:
      return slice(rows: axes[0].extent, step: axes[0].stride, width: axes[1].extent, stored)
    case 2 where axes[0].stride == 1:
      return slice(rows: axes[1].extent, step: axes[1].stride, width: axes[0].extent, stored).map { .transposed($0) }
    case 3:
      let (a, b, c) = (axes[0].extent, axes[1].extent, axes[2].extent)
      // Each row is a turned matrix of its own, as channels_last has it: stored (a, c, b).
      if axes[1].stride == 1, axes[2].stride == b, axes[0].stride == b * c {
        return stored(a, b * c).map {
          .transposed(.reordered(.swapped(outer: b, inner: c, run: 1), of: .transposed($0)))
        }
      }
      // Stored (c, b, a).
      if axes[0].stride == 1, axes[1].stride == a, axes[2].stride == a * b {
        return stored(c * b, a).map { .transposed(.reordered(.swapped(outer: b, inner: c, run: 1), of: $0)) }
      }
      return nil
    default: return nil
    }
  }

  /// The last element that a view reaches; nil when that cannot be counted or a stride is negative.
  static func last(_ extents: [Int], strides: [Int], offset: Int) -> Int? {
    var last = offset
    for (extent, stride) in zip(extents, strides) {
      let (reach, isTooLarge) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, isTooLargeToo) = last.addingReportingOverflow(reach)
      guard stride >= 0, !isTooLarge, !isTooLargeToo else { return nil }
      last = sum
    }
    return last
  }

  /// Without axes of one element, and with neighbors joined that are counted through.
  private static func axes(_ extents: [Int], _ strides: [Int]) -> [(extent: Int, stride: Int)] {
    var axes: [(extent: Int, stride: Int)] = []
    for (extent, stride) in zip(extents, strides) where extent != 1 {
      if let last = axes.last, case let (span, isTooLarge) = stride.multipliedReportingOverflow(by: extent),
        !isTooLarge, last.stride == span
      {
        axes[axes.count - 1] = (last.extent * extent, stride)
      } else {
        axes.append((extent, stride))
      }
    }
    return axes
  }

  /// Some neighboring numbers of every row of a matrix whose rows are `step` numbers apart. The last row ends where
  /// its numbers do: behind them the storage may end too.
  private static func slice(rows: Int, step: Int, width: Int, _ stored: (Int, Int, Int) -> Recipe?) -> Recipe? {
    guard step >= width else { return nil }
    if step == width || rows == 1 { return stored(rows, width, 0) }
    guard let above = stored(rows - 1, step, 0), let last = stored(1, width, (rows - 1) * step) else { return nil }
    return .concatenated([.columns(0..<width, of: above), last])
  }

  private static func array(_ shape: TensorShape, from offset: Int, _ memory: Memory) -> StoredArray {
    StoredArray(
      encoding: memory.encoding, shape: shape, file: memory.file,
      offset: memory.start + offset * memory.encoding.blockBytes)
  }
}
