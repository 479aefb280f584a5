internal import Core
internal import Encodings
internal import Storage

/// compressed-tensors' `M.weight_packed`: whole numbers in 32-bit words with `M.weight_scale`, or floats of four bits in
/// bytes with `M.weight_global_scale` too.
enum PackedTensors {
  static func assemble(_ parts: inout QuantizedParts) {
    for module in parts.owners(".weight_packed") {
      let names = [
        "packed", "scale", "zero_point", "g_idx", "shape", "global_scale",
      ].map { "\(module).weight_\($0)" }
      guard let codes = parts.entry(names[0]), let scales = parts.entry(names[1]), codes.shape.rank == 2,
        scales.shape.rank <= 2
      else {
        parts.leave(
          "\(module).weight", "PACKED", shape: nil, of: names,
          why: "packed by compressed-tensors, but without scales that fit")
        continue
      }
      let size = parts.entry(names[4]).flatMap { shape($0, parts) }
      let entry =
        QuantizedParts.plain(codes.type) == "U8"
        ? floats("\(module).weight", parts, codes, scales, parts.entry(names[5]))
        : wholes(
          "\(module).weight", parts, codes, scales, zeros: parts.entry(names[2]), index: parts.entry(names[3]), size)
      guard let entry else {
        parts.leave(
          "\(module).weight", "PACKED", shape: size, of: names,
          why: "packed by compressed-tensors, but in shapes or with an order of groups that are not known")
        continue
      }
      parts.join(entry, of: names)
    }
  }

  /// `weight_shape`: whole numbers of 32 or 64 bits.
  private static func shape(_ entry: CheckpointEntry, _ parts: QuantizedParts) -> TensorShape? {
    guard entry.shape.elements == 2, let bytes = parts.read(entry, atMost: 16) else { return nil }
    return bytes.withUnsafeBytes { bytes in
      switch bytes.count {
      case 16: TensorShape((0..<2).map { Int(bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)) })
      case 8: TensorShape((0..<2).map { Int(bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)) })
      default: nil
      }
    }
  }

  private static func wholes(
    _ name: String, _ parts: QuantizedParts, _ codes: CheckpointEntry, _ scales: CheckpointEntry,
    zeros: CheckpointEntry?, index: CheckpointEntry?, _ size: TensorShape?
  ) -> CheckpointEntry? {
    let (rows, words) = (codes.shape.extents[0], codes.shape.extents[1])
    let groups = scales.shape.rank == 2 ? scales.shape.extents[1] : 1
    let asked = parts.bits
    guard rows > 0, words > 0, groups > 0, scales.shape.elements == rows * groups else { return nil }
    for bits in asked.map({ [$0] }) ?? [4, 8] where bits == 4 || bits == 8 {
      let stored = words * (32 / bits)
      let columns = size?.extents.last ?? stored
      guard size?.extents.first ?? rows == rows, columns <= stored, (columns - 1) / (32 / bits) + 1 == words else {
        continue
      }
      let group = parts.group.flatMap { (columns - 1) / $0 + 1 == groups ? $0 : nil } ?? (columns - 1) / groups + 1
      guard (columns - 1) / group + 1 == groups, zeros == nil, index == nil || isInOrder(index, group, columns, parts),
        var array = parts.array(codes, bits == 4 ? .packed4 : .packed8, [rows, stored])
      else { return nil }
      // Rows are padded to whole words, which no scale needs to belong to.
      let width = groups == 1 ? stored : group
      guard (stored - 1) / width + 1 == groups, let scale = parts.numbers(scales, rows, groups),
        let shape = TensorShape([rows, columns])
      else { return nil }
      array.companions = [.init(scale, tile: EncodedBlocks.Tile(rows: 1, columns: width))]
      let recipe = Recipe.stored(array)
      return CheckpointEntry(
        name: name, type: array.encoding.name, shape: shape,
        content: .recipe(columns == stored ? recipe : .columns(0..<columns, of: recipe)))
    }
    return nil
  }

  private static func isInOrder(
    _ index: CheckpointEntry?, _ group: Int, _ columns: Int, _ parts: QuantizedParts
  ) -> Bool {
    guard let index, let bytes = parts.read(index, atMost: 4 * columns), bytes.count == 4 * columns else {
      return false
    }
    return bytes.withUnsafeBytes { bytes in
      (0..<columns).allSatisfy {
        let own = Int(bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self))
        // -1 throughout: none was used.
        return own == $0 / group || own == -1
      }
    }
  }

  private static func floats(
    _ name: String, _ parts: QuantizedParts, _ codes: CheckpointEntry, _ scales: CheckpointEntry,
    _ global: CheckpointEntry?
  ) -> CheckpointEntry? {
    let (rows, bytes) = (codes.shape.extents[0], codes.shape.extents[1])
    guard scales.shape.rank == 2, scales.shape.extents[0] == rows, bytes % 4 == 0 else { return nil }
    let (columns, groups) = (2 * bytes, scales.shape.extents[1])
    guard groups > 0, columns % groups == 0, let scale = parts.numbers(scales, rows, groups),
      let shape = TensorShape([rows, columns])
    else { return nil }
    let tile = EncodedBlocks.Tile(rows: 1, columns: columns / groups)
    let whole = EncodedBlocks.Tile(rows: rows, columns: columns)
    var array: StoredArray
    if let global {
      guard global.shape.elements == 1, let divisor = parts.numbers(global, 1, 1),
        let codes = parts.array(codes, .dividedNVFP4, [rows, columns])
      else { return nil }
      array = codes
      array.companions = [.init(scale, tile: tile), .init(divisor, tile: whole)]
    } else {
      guard scale.encoding == .f8e8m0, let codes = parts.array(codes, .splitMXFP4, [rows, columns]) else { return nil }
      array = codes
      array.companions = [.init(scale, tile: tile)]
    }
    return CheckpointEntry(name: name, type: array.encoding.name, shape: shape, content: .recipe(.stored(array)))
  }
}

extension QuantizedParts {
  /// Of the weights, as compressed-tensors, GPTQ, AWQ and MLX write it.
  var bits: Int? {
    (configuration("config_groups.group_0.weights.num_bits") ?? configuration("bits")).flatMap(Int.init)
  }

  var group: Int? {
    (configuration("config_groups.group_0.weights.group_size") ?? configuration("group_size")).flatMap(Int.init)
      .flatMap { $0 > 0 ? $0 : nil }
  }
}
