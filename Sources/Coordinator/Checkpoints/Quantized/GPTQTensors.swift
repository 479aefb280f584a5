internal import Core
internal import Encodings
internal import Storage

/// `M.qweight`, `M.qzeros`, `M.scales` and, of some, `M.g_idx`: GPTQ where words run along the inputs, AWQ where they run
/// along the outputs.
enum GPTQTensors {
  static func assemble(_ parts: inout QuantizedParts) {
    var isFirstVersion: Bool?
    for owner in parts.owners(".qweight") {
      let names = ["qweight", "qzeros", "scales", "g_idx"].map { "\(owner).\($0)" }
      func leave(_ why: String) {
        parts.leave("\(owner).weight", "GPTQ", shape: nil, of: names, why: "packed as GPTQ or AWQ do it, but \(why)")
      }
      guard let codes = parts.entry(names[0]), let scales = parts.entry(names[2]), codes.shape.rank == 2,
        scales.shape.rank == 2
      else {
        leave("without 'scales' that fit")
        continue
      }
      let (groups, outputs) = (scales.shape.extents[0], scales.shape.extents[1])
      guard let zeros = parts.entry(names[1]), zeros.shape.rank == 2, zeros.shape.extents[0] == groups, groups > 0,
        outputs > 0
      else {
        leave("without 'qzeros' that fit")
        continue
      }
      if codes.shape.extents[1] * 8 == outputs, let entry = awq(owner, parts, codes, scales, zeros) {
        parts.join(entry, of: names)
        continue
      }
      guard let layout = Layout(codes, scales, zeros, group: parts.configuration("group_size").flatMap(Int.init)) else {
        leave("in shapes that do not fit together")
        continue
      }
      isFirstVersion = isFirstVersion ?? layout.isFirstVersion(parts, codes, zeros)
      let index = parts.entry(names[3])
      guard let entry = gptq(owner, parts, layout, codes, scales, zeros, index, isFirstVersion ?? true) else {
        leave("in types that are not known")
        continue
      }
      parts.join(entry, of: names)
    }
  }

  private static func awq(
    _ owner: String, _ parts: QuantizedParts, _ codes: CheckpointEntry, _ scales: CheckpointEntry,
    _ zeros: CheckpointEntry
  ) -> CheckpointEntry? {
    let (inputs, groups, outputs) = (codes.shape.extents[0], scales.shape.extents[0], scales.shape.extents[1])
    guard inputs % groups == 0, var array = parts.array(codes, .awq, [inputs, outputs]),
      let scale = parts.numbers(scales, groups, outputs), let zero = parts.array(zeros, .u4AWQ, [groups, outputs]),
      let shape = TensorShape([outputs, inputs])
    else { return nil }
    let tile = EncodedBlocks.Tile(rows: inputs / groups, columns: 1)
    array.companions = [.init(scale, tile: tile), .init(zero, tile: tile)]
    return CheckpointEntry(
      name: "\(owner).weight", type: array.encoding.name, shape: shape, content: .recipe(.transposed(.stored(array))))
  }

  private static func gptq(
    _ owner: String, _ parts: QuantizedParts, _ layout: Layout, _ codes: CheckpointEntry, _ scales: CheckpointEntry,
    _ zeros: CheckpointEntry, _ index: CheckpointEntry?, _ isFirstVersion: Bool
  ) -> CheckpointEntry? {
    let (outputs, groups, width) = (layout.outputs, layout.groups, layout.width)
    let isIndexed = index.map { !layout.isInOrder($0, parts) } ?? false
    guard let packed = layout.encoding(isIndexed: isIndexed), let ofZeros = layout.zeroEncoding,
      var array = parts.array(codes, packed, [layout.inputs / width, outputs * width]),
      let scale = parts.numbers(scales, groups, outputs), let zero = parts.array(zeros, ofZeros, [groups, outputs]),
      let shape = TensorShape([outputs, layout.inputs]), isIndexed || layout.group % width == 0
    else { return nil }
    // By an index, each row has its own group.
    let tile = EncodedBlocks.Tile(rows: isIndexed ? 1 : layout.group / width, columns: width)
    array.companions = [
      .init(scale, tile: tile), .init(zero, tile: tile, addend: isFirstVersion ? 1 : 0),
    ]
    if isIndexed {
      guard let index, let groupOf = parts.array(index, .i32, [layout.inputs, 1]) else { return nil }
      array.companions.append(.init(table: groupOf))
    }
    return CheckpointEntry(
      name: "\(owner).weight", type: packed.name, shape: shape,
      content: .recipe(.turned(blocks: width, of: .stored(array))))
  }

  /// What the shapes of the three arrays say.
  private struct Layout {
    let bits: Int
    let inputs: Int
    let outputs: Int
    let groups: Int
    /// Inputs of a group.
    let group: Int
    /// Inputs that are packed together.
    var width: Int { bits == 3 ? 32 : 32 / bits }

    init?(_ codes: CheckpointEntry, _ scales: CheckpointEntry, _ zeros: CheckpointEntry, group asked: Int?) {
      groups = scales.shape.extents[0]
      outputs = scales.shape.extents[1]
      let (words, isTooLarge) = zeros.shape.extents[1].multipliedReportingOverflow(by: 32)
      guard codes.shape.extents[1] == outputs, !isTooLarge, words % outputs == 0,
        [2, 3, 4, 8].contains(words / outputs)
      else { return nil }
      bits = words / outputs
      let (stored, isTooLargeToo) = codes.shape.extents[0].multipliedReportingOverflow(by: 32)
      guard !isTooLargeToo, stored % bits == 0, stored > 0 else { return nil }
      inputs = stored / bits
      guard inputs % (bits == 3 ? 32 : 32 / bits) == 0 else { return nil }
      if let asked, asked > 0, (inputs - 1) / asked + 1 == groups {
        group = asked
      } else {
        guard inputs % groups == 0 else { return nil }
        group = inputs / groups
      }
    }

    func encoding(isIndexed: Bool) -> Encoding? { Encoding(named: "GPTQ_\(bits)BIT\(isIndexed ? "_ACT" : "")") }

    var zeroEncoding: Encoding? { bits == 8 ? .u8 : Encoding(named: "U\(bits)") }

    /// Are groups what their order says, so that no index is needed?
    func isInOrder(_ index: CheckpointEntry, _ parts: QuantizedParts) -> Bool {
      guard QuantizedParts.plain(index.type) == "I32", let bytes = parts.read(index, atMost: 4 * inputs),
        bytes.count == 4 * inputs
      else { return true }
      return bytes.withUnsafeBytes { bytes in
        (0..<inputs).allSatisfy {
          Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self))) == $0 / group
        }
      }
    }

    /// Version 1 stores zero points less by 1, version 2 as they are, and few files say which they are of. The mean of a
    /// linear map is near 0, so that codes are near their zero points in the mean.
    func isFirstVersion(_ parts: QuantizedParts, _ codes: CheckpointEntry, _ zeros: CheckpointEntry) -> Bool? {
      let stated = parts.configuration("checkpoint_format")
      let row = 4 * outputs
      guard bits != 3, let codes = parts.read(codes, atMost: min(16 * row, 1 << 18)),
        let zeros = parts.read(zeros, atMost: outputs * bits / 8), !zeros.isEmpty
      else { return stated.map { $0 != "gptq_v2" } }
      var (sum, squares, count) = (0, 0, 0)
      let mask = (1 << bits) - 1
      for byte in codes.indices {
        let (line, place) = (byte / row, byte % row)
        // The first group's alone.
        guard (line + 1) * width <= group else { break }
        let zeroBit = place / 4 * bits
        let zero = Int(zeros[zeroBit / 8]) >> (zeroBit % 8) & mask
        for shift in stride(from: 0, to: 8, by: bits) {
          let code = (Int(codes[byte]) >> shift & mask) - zero
          sum += code
          squares += code * code
          count += 1
        }
      }
      let mean = Double(sum) / Double(max(1, count))
      let error = ((Double(squares) / Double(max(1, count)) - mean * mean) / Double(max(1, count))).squareRoot()
      if count > 0, error < Self.firmError, min(abs(mean), abs(mean - 1)) < Self.nearMean {
        return abs(mean - 1) < abs(mean)
      }
      return stated.map { $0 != "gptq_v2" }
    }

    /// Of the mean: above, too few codes were seen to tell 0 from 1.
    private static let firmError = 0.1
    private static let nearMean = 0.3
  }
}
