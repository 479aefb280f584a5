internal import Core
internal import Encodings
internal import Storage
internal import System

/// hqq's `M.W_q` with `M.scale` and `M.zero`, and what the layer says of itself: as tensors beside it (safetensors), or
/// as values of a pickle (`qmodel.pt`; of old versions under `M.meta`).
enum HQQTensors {
  /// What a layer says of itself, as hqq calls it.
  struct Detail: Codable {
    var nbits: Double?
    var group_size: Int?
    var axis: Int?
    var shape: [Int]?
    var packing: String?
  }

  /// The keys of a layer's state, `HQQLinear.state_dict_keys`, but for the bias, which is a tensor of its own.
  private static let keys = [
    "W_q", "nbits", "group_size", "shape", "scale", "zero", "zero_scale", "axis", "packing", "unpack_view_dtype",
    "view_as_float", "quant_scale", "quant_zero", "compute_dtype", "offload_meta", "encoded_state_dict",
    "stores_quant_config", "channel_wise", "optimize", "round_zero", "meta.scale", "meta.zero", "meta.zero_scale",
    "meta.scale_q", "meta.zero_q", "scale_q", "zero_q",
  ]

  static func assemble(_ parts: inout QuantizedParts) {
    for module in parts.owners(".W_q") {
      let names = keys.map { "\(module).\($0)" }
      let name = "\(module).weight"
      do throws(Misfit) {
        parts.join(try entry(name, module, parts), of: names)
      } catch {
        parts.leave(name, "HQQ", shape: nil, of: names, why: "packed by HQQ, but \(error.why)")
      }
    }
  }

  /// Why a layer cannot be read.
  private struct Misfit: Error {
    var why: String

    init(_ why: String) { self.why = why }
  }

  private static func entry(
    _ name: String, _ module: String, _ parts: QuantizedParts
  ) throws(Misfit) -> CheckpointEntry {
    let layout = try Layout(detail(name, module, parts))
    guard let codes = parts.entry("\(module).W_q"), let bytes = parts.bytes(of: codes),
      bytes.range.count == layout.bytes
    else {
      throw Misfit("'W_q' does not have the \(layout.bytes) bytes that its shape and 'nbits' ask for")
    }
    let (scales, zeros) = try companions(module, parts, layout)
    var recipes: [Recipe] = []
    for part in 0..<layout.packing.parts {
      guard let encoding = Encoding.hqq(layout.width, part: part) else { throw Misfit("'nbits' is not known") }
      // The last parts of 3 bits may have fewer rows, or none.
      let first = part * layout.step
      guard first < layout.rows else { break }
      let rows = first..<min(first + layout.step, layout.rows)
      guard let shape = layout.shape(rows.count) else { throw Misfit("its shape is too large") }
      let tile = layout.tile(shape, scales: scales.shape.elements)
      var array = StoredArray(encoding: encoding, shape: shape, file: bytes.file, offset: bytes.range.lowerBound)
      for numbers in [scales, zeros] {
        guard let own = layout.numbers(numbers, of: rows, tile, shape) else {
          throw Misfit("'scale' and 'zero' do not fit")
        }
        array.companions.append(.init(own, tile: tile))
      }
      recipes.append(.stored(array))
    }
    guard let only = recipes.first, let shape = TensorShape(layout.extents) else { throw Misfit("it is empty") }
    let recipe = recipes.count == 1 ? only : .concatenated(recipes)
    let columns = shape.elements / (layout.extents.first ?? 1)
    let isWhole = recipes.count == 1 && recipe.size?.columns == columns
    return CheckpointEntry(
      name: name, type: layout.width.name, shape: shape,
      content: .recipe(isWhole ? recipe : .reshaped(columns: columns, of: recipe)))
  }

  /// Scales and zero points as they are stored, in one order for both.
  private static func companions(
    _ module: String, _ parts: QuantizedParts, _ layout: Layout
  ) throws(Misfit) -> (scales: StoredArray, zeros: StoredArray) {
    func find(_ key: String) -> CheckpointEntry? {
      parts.entry("\(module).\(key)") ?? parts.entry("\(module).meta.\(key)")
    }
    func numbers(_ entry: CheckpointEntry, _ rows: Int = 1) -> StoredArray? {
      guard entry.shape.elements % rows == 0,
        let array = parts.numbers(entry, rows, entry.shape.elements / rows), array.encoding.blockElements == 1
      else { return nil }
      return array
    }
    let pair: (StoredArray, StoredArray)
    if let scale = find("scale").flatMap({ numbers($0) }), let zero = find("zero").flatMap({ numbers($0) }) {
      pair = (scale, zero)
    } else if let both = find("zero_scale").flatMap({ numbers($0, 2) }), let shape = TensorShape([1, both.columns]) {
      // `offload_meta`: the zero points, then the scales.
      var (zero, scale) = (both, both)
      (zero.shape, scale.shape) = (shape, shape)
      scale.offset += both.columns * both.encoding.blockBytes
      pair = (scale, zero)
    } else if find("scale_q") != nil || find("zero_q") != nil {
      throw Misfit("its scales or zero points were rounded again, which hqq has given up and which is not read")
    } else {
      throw Misfit("without 'scale' and 'zero' of numbers")
    }
    let (scales, zeros) = (pair.0.shape.elements, pair.1.shape.elements)
    guard scales == zeros, scales == layout.groups || scales == 1 else {
      throw Misfit("it has \(scales) scales and \(zeros) zero points, expected \(layout.groups) of each")
    }
    return pair
  }

  private static func detail(_ name: String, _ module: String, _ parts: QuantizedParts) -> Detail {
    if let detail = parts.detail(name, as: Detail.self) { return detail }
    return Detail(
      nbits: parts.number("\(module).nbits"),
      group_size: parts.number("\(module).group_size").flatMap { Int(exactly: $0) },
      axis: parts.number("\(module).axis").flatMap { Int(exactly: $0) },
      shape: parts.wholeNumbers("\(module).shape", atMost: 8),
      packing: parts.entry("\(module).packing").flatMap { parts.read($0, atMost: 16) }
        .map { String(decoding: $0, as: UTF8.self) })
  }

  /// The matrix of codes: each row or each column of it is a group.
  private struct Layout {
    let width: HQQWidth
    let extents: [Int]
    let axis: Int
    let rows: Int
    let columns: Int
    /// Rows of a part.
    let step: Int
    /// Of `W_q`.
    let bytes: Int
    var packing: HQQWidth.Packing { width.packing }
    /// Scales.
    var groups: Int { axis == 1 ? rows : columns }

    init(_ detail: Detail) throws(Misfit) {
      guard let bits = detail.nbits, let width = HQQWidth.allCases.first(where: { $0.bits == bits }) else {
        throw Misfit(
          detail.nbits.map { "'nbits' is \($0), expected one of \(HQQWidth.allCases.map(\.rawValue))" }
            ?? "without 'nbits'")
      }
      if let packing = detail.packing, packing != width.packing.name {
        throw Misfit("'packing' is '\(packing.printable)', expected '\(width.packing.name)' for \(width.rawValue) bits")
      }
      guard let axis = detail.axis, 0...1 ~= axis else { throw Misfit("'axis' is neither 0 nor 1") }
      guard let shape = detail.shape.flatMap(TensorShape.init), shape.elements > 0, shape.rank >= 1,
        let across = shape.extents.last
      else { throw Misfit("without the 'shape' of its weights") }
      let group = detail.group_size ?? (axis == 1 ? across : shape.elements / across)
      guard group > 0, shape.elements % group == 0 else {
        throw Misfit("'group_size' is \(group), which does not divide the \(shape.elements) weights")
      }
      let others = shape.elements / group
      (rows, columns) = axis == 1 ? (others, group) : (group, others)
      let count = width.packing.parts
      // Only 3 bits are padded.
      guard rows % count == 0 || width == .three else {
        throw Misfit("its \(rows) rows of codes do not divide into \(count) parts")
      }
      step = (rows - 1) / count + 1
      let (words, isTooLarge) = step.multipliedReportingOverflow(by: columns)
      let (bytes, isTooLargeToo) = words.multipliedReportingOverflow(by: width.packing.bytes)
      guard !isTooLarge, !isTooLargeToo else { throw Misfit("its shape is too large") }
      (self.width, self.axis, self.bytes, extents) = (width, axis, bytes, shape.extents)
    }

    /// Of so many rows of codes as an array: rows of weights where groups do not cross them.
    func shape(_ rows: Int) -> TensorShape? {
      let across = extents.dropFirst().reduce(1, *)
      guard axis == 1, across % columns == 0, step * columns % across == 0, rows * columns % across == 0,
        self.rows * columns % across == 0
      else { return TensorShape([rows, columns]) }
      return TensorShape([rows * columns / across, across])
    }

    func tile(_ shape: TensorShape, scales: Int) -> EncodedBlocks.Tile {
      let rows = shape.extents.first ?? 1
      if scales == 1, groups > 1 { return EncodedBlocks.Tile(rows: rows, columns: shape.elements / rows) }
      return axis == 1 ? EncodedBlocks.Tile(rows: 1, columns: columns) : EncodedBlocks.Tile(rows: rows, columns: 1)
    }

    /// Scales or zero points of some rows of codes.
    func numbers(
      _ all: StoredArray, of rows: Range<Int>, _ tile: EncodedBlocks.Tile, _ shape: TensorShape
    ) -> StoredArray? {
      var own = all
      let down = shape.extents.first ?? 1
      let size = [(down - 1) / tile.rows + 1, (shape.elements / down - 1) / tile.columns + 1]
      guard let shape = TensorShape(size) else { return nil }
      own.shape = shape
      if axis == 1, all.shape.elements > 1 { own.offset += rows.lowerBound * all.encoding.blockBytes }
      return own
    }
  }
}

extension HQQWidth {
  /// `nbits`.
  fileprivate var bits: Double? {
    // As a number of 32 bits says it.
    self == .ternary ? Double(Float(1.58)) : Double(rawValue)
  }
}
