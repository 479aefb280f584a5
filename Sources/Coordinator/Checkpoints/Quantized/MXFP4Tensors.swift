internal import Core
internal import Encodings
internal import Storage

/// gpt-oss's experts: `X_blocks` (experts, outputs, blocks, 16) and `X_scales` (experts, outputs, blocks), which
/// transformers makes `X` (experts, inputs, outputs) of. Without experts: (outputs, blocks, 16).
enum MXFP4Tensors {
  static func assemble(_ parts: inout QuantizedParts) {
    for owner in parts.owners("_blocks") {
      let names = ["\(owner)_blocks", "\(owner)_scales"]
      guard let codes = parts.entry(names[0]), let scales = parts.entry(names[1]),
        QuantizedParts.plain(codes.type) == "U8", ["U8", "F8_E8M0"].contains(QuantizedParts.plain(scales.type)),
        [3, 4].contains(codes.shape.rank), codes.shape.extents.last == 16,
        Array(codes.shape.extents.dropLast()) == scales.shape.extents
      else { continue }
      // Linear maps are called `weight`; stacked experts are parameters of their own.
      let name = codes.shape.rank == 4 || owner.hasSuffix("weight") ? owner : "\(owner).weight"
      let extents = scales.shape.extents
      let (outputs, blocks) = (extents[extents.count - 2], extents[extents.count - 1])
      let experts = extents.count == 3 ? extents[0] : 1
      let (inputs, isTooLarge) = blocks.multipliedReportingOverflow(by: 32)
      guard !isTooLarge, let entry = entry(name, parts, codes, scales, (experts, outputs, inputs)) else {
        parts.leave(name, Encoding.splitMXFP4.name, shape: nil, of: names, why: "MXFP4, but in shapes that do not fit")
        continue
      }
      parts.join(entry, of: names)
    }
  }

  private static func entry(
    _ name: String, _ parts: QuantizedParts, _ codes: CheckpointEntry, _ scales: CheckpointEntry,
    _ size: (experts: Int, outputs: Int, inputs: Int)
  ) -> CheckpointEntry? {
    let rows = size.experts * size.outputs
    guard size.experts <= Recipe.mostArrays, var array = parts.array(codes, .splitMXFP4, [rows, size.inputs]),
      let scale = parts.array(scales, .f8e8m0, [rows, size.inputs / 32])
    else { return nil }
    array.companions = [.init(scale, tile: EncodedBlocks.Tile(rows: 1, columns: 32))]
    guard codes.shape.rank == 4 else {
      guard let shape = TensorShape([size.outputs, size.inputs]) else { return nil }
      return CheckpointEntry(name: name, type: array.encoding.name, shape: shape, content: .recipe(.stored(array)))
    }
    guard let shape = TensorShape([size.experts, size.inputs, size.outputs]) else { return nil }
    let each = (0..<size.experts).map { expert -> Recipe in
      .transposed(.rows(expert * size.outputs..<(expert + 1) * size.outputs, of: .stored(array)))
    }
    return CheckpointEntry(name: name, type: array.encoding.name, shape: shape, content: .recipe(.concatenated(each)))
  }
}
