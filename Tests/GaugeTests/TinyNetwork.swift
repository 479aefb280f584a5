import Checkpoints
import Core
import Spectra
import TestSeed
import TestSupport
import Testing

/// A small decoder with random weights, and disguises of it, written in plain loops.
struct TinyNetwork {
  static let (width, inner, heads, groups, size, tokens, layers) = (24, 40, 4, 2, 6, 96, 2)

  /// Name -> rows; vectors are single rows.
  var tensors: [String: [[Double]]] = [:]

  init(using random: inout Seeded) {
    func matrix(_ rows: Int, _ columns: Int) -> [[Double]] {
      (0..<rows).map { _ in (0..<columns).map { _ in random.normal() / Double(columns).squareRoot() } }
    }
    func gains() -> [[Double]] { [(0..<Self.width).map { _ in 1 + 0.3 * random.normal() }] }
    tensors["model.embed_tokens.weight"] = matrix(Self.tokens, Self.width)
    tensors["lm_head.weight"] = matrix(Self.tokens, Self.width)
    tensors["model.norm.weight"] = gains()
    for layer in 0..<Self.layers {
      let name = "model.layers.\(layer)."
      tensors[name + "input_layernorm.weight"] = gains()
      tensors[name + "post_attention_layernorm.weight"] = gains()
      tensors[name + "self_attn.q_proj.weight"] = matrix(Self.heads * Self.size, Self.width)
      tensors[name + "self_attn.k_proj.weight"] = matrix(Self.groups * Self.size, Self.width)
      tensors[name + "self_attn.v_proj.weight"] = matrix(Self.groups * Self.size, Self.width)
      tensors[name + "self_attn.o_proj.weight"] = matrix(Self.width, Self.heads * Self.size)
      tensors[name + "mlp.gate_proj.weight"] = matrix(Self.inner, Self.width)
      tensors[name + "mlp.up_proj.weight"] = matrix(Self.inner, Self.width)
      tensors[name + "mlp.down_proj.weight"] = matrix(Self.width, Self.inner)
    }
  }

  /// The same with a little noise, as training leaves it.
  func trained(by amount: Double, using random: inout Seeded) -> TinyNetwork {
    var other = self
    for name in tensors.keys.sorted() {
      other.tensors[name] = tensors[name]?.map { row in
        row.map { $0 + amount * random.normal() / Double(Self.width).squareRoot() }
      }
    }
    return other
  }

  private mutating func change(_ name: String, _ body: ([[Double]]) -> [[Double]]) {
    if let rows = tensors[name] { tensors[name] = body(rows) }
  }

  private func turned(_ rows: [[Double]]) -> [[Double]] {
    (rows.first ?? []).indices.map { column in rows.map { $0[column] } }
  }

  private mutating func changeColumns(_ name: String, _ body: ([[Double]]) -> [[Double]]) {
    if let rows = tensors[name] { tensors[name] = turned(body(turned(rows))) }
  }

  /// - Parameter spread: standard deviation of the logarithms of scales.
  mutating func permuteUnits(spread: Double = 1, using random: inout Seeded) {
    for layer in 0..<Self.layers {
      let name = "model.layers.\(layer).mlp."
      let order = Array(0..<Self.inner).shuffled(using: &random)
      let factors = order.map { _ in
        Seeded.exponential(spread * random.normal()) * (Bool.random(using: &random) ? 1 : -1)
      }
      change(name + "gate_proj.weight") { rows in order.map { rows[$0] } }
      change(name + "up_proj.weight") { rows in zip(order, factors).map { place, f in rows[place].map { $0 * f } } }
      changeColumns(name + "down_proj.weight") { rows in
        zip(order, factors).map { place, f in rows[place].map { $0 / f } }
      }
    }
  }

  /// Groups change places, and the heads in them.
  mutating func permuteHeads() {
    for layer in 0..<Self.layers {
      let name = "model.layers.\(layer).self_attn."
      func blocks(_ order: [Int]) -> ([[Double]]) -> [[Double]] {
        { rows in order.flatMap { rows[$0 * Self.size..<($0 + 1) * Self.size] } }
      }
      change(name + "q_proj.weight", blocks([3, 2, 0, 1]))
      change(name + "k_proj.weight", blocks([1, 0]))
      change(name + "v_proj.weight", blocks([1, 0]))
      changeColumns(name + "o_proj.weight", blocks([3, 2, 0, 1]))
    }
  }

  mutating func foldNorms() {
    func fold(_ norm: String, _ readers: [String]) {
      guard let gains = tensors[norm]?.first else { return }
      for reader in readers { change(reader) { rows in rows.map { zip($0, gains).map { $0 * $1 } } } }
      tensors[norm] = [gains.map { _ in 1 }]
    }
    fold("model.norm.weight", ["lm_head.weight"])
    for layer in 0..<Self.layers {
      let name = "model.layers.\(layer)."
      fold(name + "input_layernorm.weight", ["q", "k", "v"].map { name + "self_attn.\($0)_proj.weight" })
      fold(name + "post_attention_layernorm.weight", ["gate", "up"].map { name + "mlp.\($0)_proj.weight" })
    }
  }

  /// - Parameter turn: an orthogonal matrix.
  mutating func turnResidual(_ turn: Matrix) {
    func apply(_ rows: [[Double]]) -> [[Double]] {
      rows.map { row in
        (0..<Self.width).map { column in (0..<Self.width).reduce(0) { $0 + row[$1] * turn[$1, column] } }
      }
    }
    for name in tensors.keys.sorted() where !name.contains("norm") {
      if name.contains("o_proj") || name.contains("down_proj") {
        changeColumns(name, apply)
      } else {
        change(name, apply)
      }
    }
  }

  /// The coordinates of the residual stream in another order.
  mutating func permuteResidual(using random: inout Seeded) {
    let order = Array(0..<Self.width).shuffled(using: &random)
    for name in tensors.keys.sorted() {
      if name.contains("o_proj") || name.contains("down_proj") {
        change(name) { rows in order.map { rows[$0] } }
      } else {
        change(name) { rows in rows.map { row in order.map { row[$0] } } }
      }
    }
  }

  static func turn(using random: inout Seeded) throws -> Matrix {
    try OpenBLAS.require()
    let matrix = Matrix(rows: width, columns: width, (0..<width * width).map { _ in random.normal() })
    return try #require(matrix.nearestOrthogonal)
  }

  /// What is left where only some coordinates, units and groups of heads are kept.
  ///
  /// - Parameter units, groups: by layer.
  func narrowed(hidden: [Int], units: [[Int]], groups: [[Int]]) -> TinyNetwork {
    var other = self
    let per = Self.heads / Self.groups
    for name in tensors.keys.sorted() {
      let layer = (0..<Self.layers).first { name.contains(".\($0).") } ?? 0
      let keys = groups[layer].flatMap { $0 * Self.size..<($0 + 1) * Self.size }
      let queries = groups[layer].flatMap { $0 * per * Self.size..<($0 + 1) * per * Self.size }
      func cut(_ rows: [Int]?, _ columns: [Int]) {
        other.tensors[name] = tensors[name].map { all in
          (rows ?? Array(all.indices)).map { row in columns.map { all[row][$0] } }
        }
      }
      if name.contains("q_proj") {
        cut(queries, hidden)
      } else if name.contains("k_proj") || name.contains("v_proj") {
        cut(keys, hidden)
      } else if name.contains("o_proj") {
        cut(hidden, queries)
      } else if name.contains("gate") || name.contains("up_proj") {
        cut(units[layer], hidden)
      } else if name.contains("down") {
        cut(hidden, units[layer])
      } else {
        cut(nil, hidden)
      }
    }
    return other
  }

  /// Names of OPT for those of Llama; what has none there is left out.
  static let opt: [(llama: String, opt: String)] = [
    ("model.embed_tokens", "model.decoder.embed_tokens"), ("lm_head", "lm_head"),
    ("model.norm", "model.decoder.final_layer_norm"), ("model.layers", "model.decoder.layers"),
    ("input_layernorm", "self_attn_layer_norm"), ("post_attention_layernorm", "final_layer_norm"),
    ("o_proj", "out_proj"), ("mlp.up_proj", "fc1"), ("mlp.down_proj", "fc2"),
  ]

  /// Writes it under the names of OPT, without gates; its configuration says how many heads there are, not how wide.
  func writeAsOPT(_ id: String, in folder: TemporaryFolder) throws -> ModelRecord {
    let tensors = tensors.filter { !$0.key.contains("gate") }.sorted { $0.key < $1.key }.map { name, rows in
      let renamed = Self.opt.reduce(name) { $0.replacing($1.llama, with: $1.opt) }
      return TestTensor(
        renamed, .f32, name.contains("norm") ? [Self.width] : [rows.count, rows[0].count], rows.flatMap(\.self))
    }
    try folder.write(tensors, to: "\(id)/model.safetensors")
    try folder.write(#"{"model_type": "opt", "num_attention_heads": \#(Self.heads)}"#, to: "\(id)/config.json")
    return try Models.importOne(folder.at(id), into: folder.at("stores"))
  }

  func write(_ id: String, as type: ElementType = .f32, in folder: TemporaryFolder) throws -> ModelRecord {
    let width = tensors["model.norm.weight"]?[0].count ?? Self.width
    let heads = (tensors["model.layers.0.self_attn.q_proj.weight"]?.count ?? Self.heads * Self.size) / Self.size
    let groups = (tensors["model.layers.0.self_attn.k_proj.weight"]?.count ?? Self.groups * Self.size) / Self.size
    let tensors = tensors.sorted { $0.key < $1.key }.map { name, rows in
      TestTensor(name, type, name.contains("norm") ? [width] : [rows.count, rows[0].count], rows.flatMap(\.self))
    }
    try folder.write(tensors, to: "\(id)/model.safetensors")
    try folder.write(
      """
      {"model_type": "llama", "num_attention_heads": \(heads), "hidden_size": \(width), "head_dim": \(Self.size),
       "num_key_value_heads": \(groups)}
      """, to: "\(id)/config.json")
    return try Models.importOne(folder.at(id), into: folder.at("stores"))
  }
}
