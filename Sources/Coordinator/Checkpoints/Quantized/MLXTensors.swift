internal import Core
internal import Encodings
internal import Storage

/// MLX's `M.weight` in 32-bit words with `M.scales` and `M.biases`.
enum MLXTensors {
  static func assemble(_ parts: inout QuantizedParts) {
    for module in parts.owners(".scales") {
      let names = ["weight", "scales", "biases"].map { "\(module).\($0)" }
      guard let codes = parts.entry(names[0]), QuantizedParts.plain(codes.type) == "U32",
        let scales = parts.entry(names[1])
      else { continue }
      guard let biases = parts.entry(names[2]), let entry = entry(names[0], parts, codes, scales, biases) else {
        parts.leave(
          names[0], "MLX", shape: nil, of: names,
          why: "packed by MLX, but not with scales and biases of groups of 32, 64 or 128")
        continue
      }
      parts.join(entry, of: names)
    }
  }

  private static func entry(
    _ name: String, _ parts: QuantizedParts, _ codes: CheckpointEntry, _ scales: CheckpointEntry,
    _ biases: CheckpointEntry
  ) -> CheckpointEntry? {
    guard codes.shape.rank >= 2, scales.shape == biases.shape,
      codes.shape.extents.dropLast() == scales.shape.extents.dropLast()
    else { return nil }
    let (rows, words) = codes.shape.flattened
    let groups = scales.shape.flattened.columns
    guard rows > 0, words > 0, groups > 0 else { return nil }
    // Only some combinations fit; where several do, the configuration says which, or the most usual is taken.
    func fits(_ bits: Int, _ group: Int) -> Bool { words * 32 == groups * group * bits }
    var choices: [(bits: Int, group: Int)] = []
    if let bits = parts.bits, let group = parts.group { choices.append((bits, group)) }
    for (bits, group) in [
      (4, 64), (8, 64), (4, 32), (4, 128), (6, 64), (3, 64), (2, 64), (5, 64), (8, 32), (8, 128), (6, 32), (6, 128),
      (3, 32), (3, 128), (2, 32), (2, 128), (5, 32), (5, 128),
    ] {
      choices.append((bits, group))
    }
    guard let (bits, group) = choices.first(where: { fits($0.bits, $0.group) }),
      let encoding = Encoding(named: "MLX_\(bits)BIT"),
      let shape = TensorShape(Array(codes.shape.extents.dropLast()) + [groups * group]),
      var array = parts.array(codes, encoding, [rows, groups * group]),
      let scale = parts.numbers(scales, rows, groups), let bias = parts.numbers(biases, rows, groups)
    else { return nil }
    let tile = EncodedBlocks.Tile(rows: 1, columns: group)
    array.companions = [.init(scale, tile: tile), .init(bias, tile: tile)]
    return CheckpointEntry(name: name, type: encoding.name, shape: shape, content: .recipe(.stored(array)))
  }
}
