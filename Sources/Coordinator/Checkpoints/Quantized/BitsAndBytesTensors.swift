internal import Core
internal import Encodings
internal import Foundation
internal import Storage

/// bitsandbytes' tensors: `M.weight` of four bits with `M.weight.absmax` and more, or of signed bytes with `M.SCB`.
enum BitsAndBytesTensors {
  static func assemble(_ parts: inout QuantizedParts) {
    for owner in parts.owners(".absmax") { assembleFour(owner, &parts) }
    for module in parts.owners(".SCB") { assembleEight(module, &parts) }
  }

  // MARK: Four bits

  /// What a tensor says of itself, as JSON in bytes.
  private struct State: Decodable {
    var quant_type: String
    var blocksize: Int
    var shape: [Int]?
    var nested_blocksize: Int?
    var nested_offset: Double?
  }

  private static let largestState = 1 << 16

  /// - Parameter name: of the plain tensor, which packed bytes are stored under.
  private static func assembleFour(_ name: String, _ parts: inout QuantizedParts) {
    let kinds = ["nf4", "fp4"]
    let states = kinds.map { "\(name).quant_state.bitsandbytes__\($0)" }
    let names =
      [name] + ["absmax", "quant_map", "nested_absmax", "nested_quant_map"].map { "\(name).\($0)" } + states
    let found = states.firstIndex { parts.entry($0) != nil }
    let kind = found.map { kinds[$0] } ?? "four bits"
    let scheme = kind == "fp4" ? Encoding.fp4 : .nf4
    func leave(_ why: String, shape: TensorShape? = nil) {
      parts.leave(name, scheme.name, shape: shape, of: names, why: "\(kind) of bitsandbytes, but \(why)")
    }
    guard let found, let text = parts.entry(states[found]).flatMap({ parts.read($0, atMost: largestState) }),
      let state = try? JSONDecoder().decode(State.self, from: Data(text))
    else { return leave("without a readable 'quant_state'") }
    guard let shape = state.shape.flatMap(TensorShape.init), shape.elements > 0, state.blocksize > 0 else {
      return leave("its 'quant_state' does not tell the shape")
    }
    guard shape.elements % 8 == 0, let packed = parts.entry(name),
      var array = parts.array(packed, scheme, shape.rank == 0 ? [1] : shape.extents),
      let scales = parts.entry("\(name).absmax"), scales.shape.elements == (shape.elements - 1) / state.blocksize + 1,
      let table = parts.entry("\(name).quant_map").flatMap({ parts.numbers($0, 16, 1) })
    else { return leave("in shapes that do not fit together", shape: shape) }
    let tile = EncodedBlocks.Tile(rows: 0, columns: state.blocksize)
    let count = scales.shape.elements
    if let nested = parts.entry("\(name).nested_absmax") {
      guard let offset = state.nested_offset, let size = state.nested_blocksize, size > 0 else {
        return leave("its 'quant_state' does not tell how the scales are rounded", shape: shape)
      }
      guard var absmax = parts.array(scales, .bnbNested, [1, count]),
        let outer = parts.numbers(nested, 1, (count - 1) / size + 1),
        let map = parts.entry("\(name).nested_quant_map").flatMap({ parts.numbers($0, 256, 1) })
      else { return leave("its nested scales do not fit", shape: shape) }
      absmax.companions = [.init(outer, tile: EncodedBlocks.Tile(rows: 0, columns: size)), .init(table: map)]
      array.companions = [.init(absmax, tile: tile, addend: Float(offset)), .init(table: table)]
    } else {
      guard let absmax = parts.numbers(scales, 1, count) else {
        return leave("its scales are of an unknown type", shape: shape)
      }
      array.companions = [.init(absmax, tile: tile), .init(table: table)]
    }
    parts.join(
      CheckpointEntry(name: name, type: scheme.name, shape: shape, content: .recipe(.stored(array))), of: names)
  }

  // MARK: Eight bits

  private static func assembleEight(_ module: String, _ parts: inout QuantizedParts) {
    let names = ["\(module).weight", "\(module).SCB", "\(module).weight_format"]
    guard let codes = parts.entry(names[0]), let scales = parts.entry(names[1]), codes.shape.rank == 2,
      QuantizedParts.plain(codes.type) == "I8"
    else { return }
    let rows = codes.shape.extents[0]
    // Another order of the bytes, which old versions stored for their kernels.
    let format = parts.entry(names[2]).flatMap { parts.read($0, atMost: 1)?.first } ?? 0
    guard format == 0, scales.shape.elements == rows, let scale = parts.numbers(scales, rows, 1),
      var array = parts.array(codes, .bnb8, codes.shape.extents)
    else {
      return parts.leave(
        names[0], Encoding.bnb8.name, shape: codes.shape, of: names,
        why: "int8 of bitsandbytes, but in another order of bytes, or with scales that do not fit")
    }
    array.companions = [.init(scale, tile: EncodedBlocks.Tile(rows: 1, columns: codes.shape.extents[1]))]
    parts.join(
      CheckpointEntry(name: names[0], type: array.encoding.name, shape: codes.shape, content: .recipe(.stored(array))),
      of: names)
  }
}
