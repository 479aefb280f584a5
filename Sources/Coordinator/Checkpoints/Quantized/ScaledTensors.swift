internal import Core
internal import Encodings
internal import Storage

/// Weights of eight or four bits that a scale beside them makes what they are: `M.weight` with `M.weight_scale_inv`
/// (DeepSeek), `M.weight_scale` (compressed-tensors, ModelOpt), `M.scale_weight` (ComfyUI), `X` with `X_scale`, and
/// NVFP4 of llama.cpp with `M.scale`.
enum ScaledTensors {
  static func assemble(_ parts: inout QuantizedParts) {
    var strays: [String: String] = [:]
    for entry in parts.open {
      let (module, own) = QuantizedParts.split(entry.name)
      if own.lowercased().contains("scale"), strays[module] == nil { strays[module] = entry.name }
    }
    for codes in parts.open { assemble(codes, strays, &parts) }
  }

  /// - Parameter strays: by module, a tensor of it that is called a scale.
  private static func assemble(_ codes: CheckpointEntry, _ strays: [String: String], _ parts: inout QuantizedParts) {
    let type = QuantizedParts.plain(codes.type)
    let encoding: Encoding? =
      switch type {
      case "F8_E4M3": .scaledF8E4M3
      case "F8_E5M2": .scaledF8E5M2
      case "I8": .scaledI8
      case "NVFP4": .scaledNVFP4
      case "F4", "F4_E2M1", "U8": .splitMXFP4
      default: nil
      }
    let name = codes.name
    let module = name.hasSuffix(".weight") ? String(name.dropLast(7)) : name
    guard let encoding else { return }
    let scaleNames =
      ["\(name)_scale_inv", "\(name)_scale", "\(name).scale"]
      + (module == name
        ? [] : ["\(module).scale_weight", "\(module).scale", "\(module).scales", "\(module).weight_scales"])
    let others = [
      "\(name)_zero_point", "\(name)_scale_2", "\(name)_global_scale", "\(module).input_scale", "\(module).scale_input",
      "\(module).input_zero_point", "\(module).input_global_scale", "\(module).output_scale", "\(name)_shape",
    ]
    guard let scaleName = scaleNames.first(where: { $0 != name && parts.entry($0) != nil }),
      let scales = parts.entry(scaleName)
    else {
      // Another scale that may belong to it: unscaled, its numbers would be compared as what they are not.
      let stray = strays[module] ?? strays[QuantizedParts.split(name).module]
      if let stray, stray != name, type.hasPrefix("F8") {
        parts.leave(
          name, codes.type, shape: codes.shape, of: [name],
          why: "a scale is stored in another tensor ('\(stray)'), in a way that is not known")
      }
      return
    }
    let names = [name, scaleName] + others
    let entry =
      encoding == .splitMXFP4
      ? fours(codes, parts, scales, global: parts.entry("\(name)_scale_2"), isBytes: type == "U8")
      : eights(codes, encoding, parts, scales, zeros: parts.entry("\(name)_zero_point"))
    if let entry {
      parts.join(entry, of: names)
    } else if type != "U8" {
      parts.leave(
        name, encoding.name, shape: codes.shape, of: names,
        why: "its scales in '\(scaleName)', of shape \(scales.shape), do not fit")
    }
  }

  private static func eights(
    _ codes: CheckpointEntry, _ encoding: Encoding, _ parts: QuantizedParts, _ scales: CheckpointEntry,
    zeros: CheckpointEntry?
  ) -> CheckpointEntry? {
    let (rows, columns) = codes.shape.flattened
    guard let tiling = Tiling(of: codes.shape, by: scales.shape, parts),
      let scale = parts.numbers(scales, tiling.rows, tiling.columns)
    else { return nil }
    var isAsymmetric = false
    if encoding == .scaledI8, let zeros {
      // All zero more often than not.
      guard zeros.shape.elements == scales.shape.elements, parts.numbers(zeros, tiling.rows, tiling.columns) != nil
      else {
        return nil
      }
      isAsymmetric = true
    }
    guard var array = parts.array(codes, isAsymmetric ? .scaledI8Asymmetric : encoding, [rows, columns]) else {
      return nil
    }
    array.companions = [.init(scale, tile: tiling.tile)]
    if isAsymmetric, let zeros, let zero = parts.numbers(zeros, tiling.rows, tiling.columns) {
      array.companions.append(.init(zero, tile: tiling.tile))
    }
    // As a tensor of two dimensions is the matrix that it counts as.
    return CheckpointEntry(
      name: codes.name, type: array.encoding.name, shape: codes.shape, content: .recipe(.stored(array)))
  }

  /// NVFP4 of ModelOpt in bytes, or MXFP4 in either.
  private static func fours(
    _ codes: CheckpointEntry, _ parts: QuantizedParts, _ scales: CheckpointEntry, global: CheckpointEntry?,
    isBytes: Bool
  ) -> CheckpointEntry? {
    guard codes.shape.rank >= 2, codes.shape.extents.dropLast() == scales.shape.extents.dropLast() else { return nil }
    let (rows, stored) = codes.shape.flattened
    let (columns, groups) = (isBytes ? 2 * stored : stored, scales.shape.flattened.columns)
    guard groups > 0, columns % groups == 0, columns % 8 == 0, let scale = parts.numbers(scales, rows, groups),
      let shape = TensorShape(Array(codes.shape.extents.dropLast()) + [columns])
    else { return nil }
    let size = columns / groups
    var companions = [StoredArray.Companion(scale, tile: EncodedBlocks.Tile(rows: 1, columns: size))]
    var encoding = Encoding.splitMXFP4
    if let global {
      guard scale.encoding == .f8e4m3, size == 16, global.shape.elements == 1, let factor = parts.numbers(global, 1, 1)
      else { return nil }
      encoding = .splitNVFP4
      companions.append(.init(factor, tile: EncodedBlocks.Tile(rows: rows, columns: columns)))
    } else {
      guard scale.encoding == .f8e8m0 || scale.encoding == .u8, size == 32 else { return nil }
      companions[0].array.encoding = .f8e8m0
    }
    guard var array = parts.array(codes, encoding, [rows, columns]) else { return nil }
    array.companions = companions
    return CheckpointEntry(name: codes.name, type: encoding.name, shape: shape, content: .recipe(.stored(array)))
  }
}

/// Which scale belongs to which number.
private struct Tiling {
  /// Of the scales, as a matrix.
  let rows: Int
  let columns: Int
  let tile: EncodedBlocks.Tile

  /// Sides of blocks: of DeepSeek's first, then whatever fits.
  private static let sides = [128, 64, 32, 256, 16, 512, 1024]

  init?(of shape: TensorShape, by scales: TensorShape, _ parts: QuantizedParts) {
    guard shape.rank >= 1, shape.elements > 0, scales.elements > 0 else { return nil }
    let (allRows, across) = shape.flattened
    guard scales.elements > 1 else {
      (rows, columns, tile) = (1, 1, EncodedBlocks.Tile(rows: allRows, columns: across))
      return
    }
    let stated = (0..<2).map { parts.configuration("weight_block_size.\($0)").flatMap(Int.init) }
    let down = shape.rank >= 2 ? shape.extents[shape.rank - 2] : 1
    let matrices = allRows / down
    var own = scales.extents
    // One scale for each matrix.
    if own.count == 1, shape.rank == 3, own[0] == matrices, own[0] != down { own += [1, 1] }
    // One scale for each row of each matrix.
    if own.count == shape.rank - 1 || own.count == 1 && own[0] == down { own.append(1) }
    guard own.count == shape.rank, own.count >= 2, Array(own.dropLast(2)) == Array(shape.extents.dropLast(2)),
      let height = Self.side(down, own[own.count - 2], stated[0]),
      let width = Self.side(across, own[own.count - 1], stated[1]),
      // Blocks that are cut off at the end of each matrix are not evenly spaced over all.
      matrices == 1 || down % height == 0
    else { return nil }
    (rows, columns) = (matrices * own[own.count - 2], own[own.count - 1])
    tile = EncodedBlocks.Tile(rows: height, columns: width)
  }

  private static func side(_ length: Int, _ count: Int, _ stated: Int?) -> Int? {
    guard count > 0, count <= length else { return nil }
    if count == 1 { return length }
    if count == length { return 1 }
    func fits(_ side: Int) -> Bool { side > 0 && (length - 1) / side + 1 == count }
    if let stated, fits(stated) { return stated }
    return sides.first(where: fits) ?? (length % count == 0 ? length / count : nil)
  }
}
