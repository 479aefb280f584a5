internal import Core
internal import Encodings
internal import Storage
internal import System

/// torchao's tensors, taken apart: `M.weight` as `M._weight_qdata`, `M._weight_scale` and more, and what it is as JSON
/// (torchao/prototype/safetensors/safetensors_support.py). Pickles of the same classes become the same entries.
enum TorchAOTensors {
  /// Of the JSON, what tells how numbers are stored.
  struct Detail: Codable {
    struct Content: Codable {
      /// Of a block with a scale of its own, for each axis; empty or absent: one scale for all.
      var block_size: [Int]?
    }

    var _type: String
    var _data: Content?
  }

  /// The tensors that a class may consist of. The last ones change activations, and some of them weights.
  private static let keys = [
    "qdata", "scale", "zero_point", "act_quant_scale", "act_quant_zero_point", "act_pre_scale", "per_tensor_scale",
    "act_per_tensor_scale",
  ]

  static func entryName(_ name: String, _ key: String) -> String {
    let (module, own) = QuantizedParts.split(name)
    return module.isEmpty ? "_\(own)_\(key)" : "\(module)._\(own)_\(key)"
  }

  static func assemble(_ parts: inout QuantizedParts) {
    for name in parts.described {
      guard let detail = parts.detail(name, as: Detail.self), parts.entry(entryName(name, "qdata")) != nil else {
        continue
      }
      let names = keys.map { entryName(name, $0) }
      if let entry = entry(name, detail, parts) {
        parts.join(entry, of: names)
      } else {
        let isKnown = types.contains(detail._type)
        parts.leave(
          name, "TORCHAO", shape: nil, of: names,
          why: "quantized by torchao as \(detail._type.printable), "
            + (isKnown ? "but in shapes or with scales that are not known" : "which is not read"))
      }
    }
    for module in parts.owners("._weight_qdata") {
      let name = "\(module).weight"
      parts.leave(
        name, "TORCHAO", shape: nil, of: keys.map { entryName(name, $0) },
        why: "quantized by torchao, but the file does not say in which way")
    }
  }

  private static let types: Set<String> = ["Int8Tensor", "IntxUnpackedToInt8Tensor", "Float8Tensor", "Int4Tensor"]

  private static func entry(_ name: String, _ detail: Detail, _ parts: QuantizedParts) -> CheckpointEntry? {
    func find(_ key: String) -> CheckpointEntry? { parts.entry(entryName(name, key)) }
    guard let codes = find("qdata"), let scales = find("scale"), find("act_pre_scale") == nil else { return nil }
    let block = detail._data?.block_size ?? []
    switch (detail._type, QuantizedParts.plain(codes.type)) {
    case ("Int8Tensor", "I8"), ("IntxUnpackedToInt8Tensor", "I8"):
      return eights(name, codes, .scaledI8, block, parts, scales, zeros: find("zero_point"))
    case ("Float8Tensor", "F8_E4M3"): return eights(name, codes, .scaledF8E4M3, block, parts, scales, zeros: nil)
    case ("Float8Tensor", "F8_E5M2"): return eights(name, codes, .scaledF8E5M2, block, parts, scales, zeros: nil)
    case ("Int4Tensor", "U8"), ("Int4Tensor", "I8"): return fours(name, codes, block, parts, scales, find("zero_point"))
    default: return nil
    }
  }

  private static func eights(
    _ name: String, _ codes: CheckpointEntry, _ encoding: Encoding, _ block: [Int], _ parts: QuantizedParts,
    _ scales: CheckpointEntry, zeros: CheckpointEntry?
  ) -> CheckpointEntry? {
    guard codes.shape.rank >= 1, codes.shape.elements > 0,
      let (tile, counts) = tiling(codes.shape.extents, block.isEmpty ? codes.shape.extents : block),
      let scale = parts.numbers(scales, counts.rows, counts.columns)
    else { return nil }
    let (rows, columns) = codes.shape.flattened
    var companions = [StoredArray.Companion(scale, tile: tile)]
    if let zeros {
      guard let zero = parts.numbers(zeros, counts.rows, counts.columns) else { return nil }
      companions.append(.init(zero, tile: tile))
    }
    guard var array = parts.array(codes, zeros == nil ? encoding : .scaledI8Asymmetric, [rows, columns]) else {
      return nil
    }
    array.companions = companions
    return CheckpointEntry(
      name: name, type: array.encoding.name, shape: codes.shape, content: .recipe(.stored(array)))
  }

  /// Blocks of a tensor as tiles of the matrix of all its rows, and how many there are.
  private static func tiling(
    _ extents: [Int], _ block: [Int]
  ) -> (EncodedBlocks.Tile, (rows: Int, columns: Int))? {
    guard block.count == extents.count, zip(extents, block).allSatisfy({ $1 > 0 && $0 % $1 == 0 }),
      let across = extents.last, let width = block.last
    else { return nil }
    let (down, high) = (extents.dropLast(), block.dropLast())
    // Side by side in all rows: one index at most is cut into blocks, those before it singly, those after it not at all.
    var isCut = false
    for (extent, size) in zip(down, high) {
      if isCut, size != extent { return nil }
      if size > 1 { isCut = true }
    }
    let (rows, height) = (down.reduce(1, *), high.reduce(1, *))
    return (EncodedBlocks.Tile(rows: height, columns: width), (rows / height, across / width))
  }

  private static func fours(
    _ name: String, _ codes: CheckpointEntry, _ block: [Int], _ parts: QuantizedParts, _ scales: CheckpointEntry,
    _ zeros: CheckpointEntry?
  ) -> CheckpointEntry? {
    guard codes.shape.rank == 2, let zeros, block.count == 2, block[0] == 1, block[1] > 0 else { return nil }
    let rows = codes.shape.extents[0]
    let (columns, isTooLarge) = codes.shape.extents[1].multipliedReportingOverflow(by: 2)
    guard !isTooLarge, rows > 0, columns > 0, columns % block[1] == 0 else { return nil }
    let groups = columns / block[1]
    guard scales.shape.extents == [groups, rows], zeros.shape.extents == [groups, rows],
      let scale = parts.numbers(scales, groups, rows), let zero = parts.numbers(zeros, groups, rows),
      var array = parts.array(codes, .torchaoInt4, [rows, columns])
    else { return nil }
    let tile = EncodedBlocks.Tile(rows: 1, columns: block[1])
    array.companions = [scale, zero].map { .init($0, tile: tile, isTransposed: true) }
    return CheckpointEntry(
      name: name, type: array.encoding.name, shape: array.shape, content: .recipe(.stored(array)))
  }
}
