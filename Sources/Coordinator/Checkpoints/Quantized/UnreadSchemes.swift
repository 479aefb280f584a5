internal import Core

/// What is quantized in a way that is known by its names, but not read.
enum UnreadSchemes {
  private static let marks: [(suffix: String, scheme: String)] = [
    (".qweight_type", "BITBLAS"), (".codes", "AQLM"), (".Qidxs", "QUIP"), (".Qidxs_0", "QUIP"),
    (".trellis", "EXL3"), (".q_weight", "EXL2"), (".weight:_data:qdata", "TORCHAO"), (".weight_qdata", "TORCHAO"),
    ("._packed_params._packed_params", "TORCH_QUANTIZED"), (".qdata", "TORCHAO"), (".weight._data", "QUANTO"),
    (".ternary_weight", "TERNARY"),
  ]

  static let names = Set(marks.map(\.scheme))

  static func assemble(_ parts: inout QuantizedParts) {
    let members = Dictionary(grouping: parts.open.map(\.name)) { QuantizedParts.split($0).module }
    for (suffix, scheme) in marks {
      for module in parts.owners(suffix) {
        let own = module + suffix
        parts.leave(
          "\(module).weight", scheme, shape: nil, of: [own] + (members[module] ?? []).filter { $0 != own },
          why: "quantized by \(scheme), which is not read")
      }
    }
  }
}
