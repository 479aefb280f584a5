import Alignment
import Checkpoints
import Core
import Naming
import Storage
import System
import TestSupport
import Testing

/// Models that store the same weights otherwise are taken apart to the same tensors.
struct RearrangingTests {
  private static let (width, heads, groups, head, inner) = (16, 4, 2, 4, 24)
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A row-major matrix of whole numbers.
  private struct Matrix {
    var rows: [[Double]]

    init(_ rows: [[Double]]) { self.rows = rows }

    init(_ count: Int, _ columns: Int, seed: UInt64) {
      var random = SeededRandom(seed)
      rows = (0..<count).map { _ in (0..<columns).map { _ in random.nextWeight() } }
    }

    var transposed: Matrix { Matrix(rows[0].indices.map { column in rows.map { $0[column] } }) }

    /// Rotary halves to neighbors, head by head, as Meta and llama.cpp store them.
    var paired: Matrix {
      var paired: [[Double]] = []
      for start in stride(from: 0, to: rows.count, by: head) {
        for row in start..<start + head / 2 { paired += [rows[row], rows[row + head / 2]] }
      }
      return Matrix(paired)
    }

    func tensor(_ name: String) -> TestTensor {
      TestTensor(name, .f32, [rows.count, rows[0].count], rows.flatMap(\.self))
    }
  }

  /// The maps of one layer under Llama's names.
  private func maps(_ seed: UInt64, _ layer: Int = 0) -> [String: Matrix] {
    let (d, kv) = (Self.width, Self.groups * Self.head)
    let shapes = [
      ("self_attn.q_proj", d, d), ("self_attn.k_proj", kv, d), ("self_attn.v_proj", kv, d),
      ("self_attn.o_proj", d, d), ("mlp.gate_proj", Self.inner, d), ("mlp.up_proj", Self.inner, d),
      ("mlp.down_proj", d, Self.inner),
    ]
    return Dictionary(
      uniqueKeysWithValues: shapes.enumerated().map {
        ($1.0, Matrix($1.1, $1.2, seed: seed &* 1000 &+ UInt64(10 * layer + $0)))
      })
  }

  private func plain(_ seed: UInt64) -> [TestTensor] {
    maps(seed).sorted { $0.key < $1.key }.map { $1.tensor("model.layers.0.\($0).weight") }
  }

  private func phi(_ seed: UInt64) -> [TestTensor] {
    let m = maps(seed)
    func joined(_ names: String...) -> Matrix { Matrix(names.flatMap { m[$0]?.rows ?? [] }) }
    return [
      joined("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj").tensor(
        "model.layers.0.self_attn.qkv_proj.weight"),
      joined("self_attn.o_proj").tensor("model.layers.0.self_attn.o_proj.weight"),
      joined("mlp.gate_proj", "mlp.up_proj").tensor("model.layers.0.mlp.gate_up_proj.weight"),
      joined("mlp.down_proj").tensor("model.layers.0.mlp.down_proj.weight"),
    ]
  }

  private func grouped(_ seed: UInt64) -> [TestTensor] {
    let m = maps(seed)
    var rows: [[Double]] = []
    let each = Self.heads / Self.groups * Self.head
    for group in 0..<Self.groups {
      rows += m["self_attn.q_proj"]?.rows[group * each..<(group + 1) * each] ?? []
      for name in ["self_attn.k_proj", "self_attn.v_proj"] {
        rows += m[name]?.rows[group * Self.head..<(group + 1) * Self.head] ?? []
      }
    }
    let names = [
      "self_attn.o_proj": "attention.wo", "mlp.gate_proj": "feed_forward.w1", "mlp.down_proj": "feed_forward.w2",
      "mlp.up_proj": "feed_forward.w3",
    ]
    return [Matrix(rows).tensor("model.layers.0.attention.wqkv.weight")]
      + names.sorted { $0.key < $1.key }.compactMap { old, new in m[old]?.tensor("model.layers.0.\(new).weight") }
  }

  private func meta(_ seed: UInt64) -> [TestTensor] {
    let names = [
      "self_attn.q_proj": "attention.wq", "self_attn.k_proj": "attention.wk", "self_attn.v_proj": "attention.wv",
      "self_attn.o_proj": "attention.wo", "mlp.gate_proj": "feed_forward.w1", "mlp.down_proj": "feed_forward.w2",
      "mlp.up_proj": "feed_forward.w3",
    ]
    return maps(seed).sorted { $0.key < $1.key }.map { name, matrix in
      (name.contains("q_proj") || name.contains("k_proj") ? matrix.paired : matrix)
        .tensor("layers.0.\(names[name] ?? name).weight")
    }
  }

  /// Every canonical tensor of a plain model has the same numbers in the other one.
  private func expectSame(_ models: AlignedModels, sourceLocation: SourceLocation = #_sourceLocation) throws {
    for (tensor, canonical) in zip(models.models[0].tensors, models.maps[0].tensors) {
      let place = try #require(
        models.maps[1].tensors.firstIndex(of: canonical), "\(canonical.name)", sourceLocation: sourceLocation)
      #expect(
        try models.models[1].tensors[place].values() == tensor.values(), "\(canonical.name)",
        sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: [3 as UInt64, 77, 1234])
  func fusedMapsAreSplit(_ seed: UInt64) throws {
    let models = try Aligner.aligned(Models.make([plain(seed), phi(seed)], in: folder))
    try expectSame(models)
    #expect(models.maps[1].origins.values.allSatisfy { $0.isPart && $0.steps == [.splitRows] })
    #expect(models.maps[1].origins.count == 5)
  }

  /// No configuration says how large heads are: the weights of a relative do.
  @Test(arguments: [3 as UInt64, 77, 1234])
  func rotaryRowsAndGroupsOfHeadsAreFoundByContent(_ seed: UInt64) throws {
    try expectSame(Aligner.aligned(Models.make([plain(seed), meta(seed)], in: folder)))
    let other = try TemporaryFolder()
    try expectSame(Aligner.aligned(Models.make([plain(seed), grouped(seed)], in: other)))
  }

  @Test func rowsOfStrangersAreLeftAndNoted() throws {
    let models = try Aligner.aligned(Models.make([plain(1), meta(2), meta(3)], in: folder))
    let left = models.maps[1].tensors.filter { $0.rearrangement != nil }
    #expect(left.count == 2)
    #expect(left.allSatisfy { models.maps[2].tensors.contains($0) }, "both are stored the same way")
  }

  @Test func aConfigurationSaysHowLargeHeadsAre() throws {
    var records = try Models.make([plain(1), meta(2)], in: folder)
    records[1].checkpoint.metadata = ["params.dim": "16", "params.n_heads": "4"]
    let models = try Aligner.aligned(records)
    #expect(models.maps[1].tensors.allSatisfy { $0.rearrangement == nil })
    let place = try #require(models.maps[1].tensors.firstIndex { $0.name == "layers.0.self_attn.k_proj.weight" })
    #expect(
      try models.models[1].tensors[place].values() == maps(2)["self_attn.k_proj"]?.rows.flatMap(\.self).map(Float.init))
  }

  /// llama.cpp reorders rows of some architectures alone.
  @Test func rowsOfAnArchitectureThatIsNotReorderedAreLeftAsTheyAre() throws {
    let names = [
      "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "ffn_up": "mlp.up_proj", "ffn_gate": "mlp.gate_proj",
    ]
    let gguf = names.sorted { $0.key < $1.key }.compactMap { maps(2)[$1]?.tensor("blk.0.\($0).weight") }
    var records = try Models.make([plain(1), gguf], in: folder)
    records[1].checkpoint.metadata = [
      "general.architecture": "qwen2", "qwen2.attention.head_count": "4", "qwen2.embedding_length": "16",
    ]
    let models = try Aligner.aligned(records)
    let place = try #require(models.maps[1].tensors.firstIndex { $0.name == "layers.0.self_attn.q_proj.weight" })
    #expect(
      try models.models[1].tensors[place].values() == maps(2)["self_attn.q_proj"]?.rows.flatMap(\.self).map(Float.init))
  }

  @Test func stackedExpertsOfEveryKindMeet() throws {
    let (d, inner, count) = (16, 12, 3)
    func expert(_ number: Int, _ kind: UInt64) -> Matrix {
      let shape = kind == 2 ? (d, inner) : (inner, d)
      return Matrix(shape.0, shape.1, seed: UInt64(number) * 10 + kind)
    }
    func stack(_ name: String, _ matrices: [Matrix]) -> TestTensor {
      TestTensor(
        name, .f32, [matrices.count, matrices[0].rows.count, matrices[0].rows[0].count],
        matrices.flatMap { $0.rows.flatMap(\.self) })
    }
    let rest = plain(5).filter { !$0.name.contains("mlp") }
    let kinds = ["gate", "up", "down"]
    let single =
      rest
      + (0..<count).flatMap { number in
        kinds.enumerated().map {
          expert(number, UInt64($0)).tensor("model.layers.0.mlp.experts.\(number).\($1)_proj.weight")
        }
      }
    let mixtral =
      rest
      + (0..<count).flatMap { number in
        ["w1", "w3", "w2"].enumerated().map {
          expert(number, UInt64($0)).tensor("model.layers.0.block_sparse_moe.experts.\(number).\($1).weight")
        }
      }
    func both(_ number: Int) -> Matrix { Matrix(expert(number, 0).rows + expert(number, 1).rows) }
    func alternating(_ number: Int) -> Matrix {
      Matrix(zip(expert(number, 0).rows, expert(number, 1).rows).flatMap { [$0, $1] })
    }
    let prefix = "model.layers.0.mlp.experts."
    let stacked =
      rest + [
        stack(prefix + "gate_up_proj", (0..<count).map(both)),
        stack(prefix + "down_proj", (0..<count).map { expert($0, 2) }),
      ]
    let router = Matrix(count, d, seed: 99).tensor("model.layers.0.mlp.router.weight")
    let oss =
      rest + [
        router, stack(prefix + "gate_up_proj", (0..<count).map { alternating($0).transposed }),
        stack(prefix + "down_proj", (0..<count).map { expert($0, 2).transposed }),
      ]
    let llama4 =
      rest + [
        stack("model.layers.0.feed_forward.experts.gate_up_proj", (0..<count).map { both($0).transposed }),
        stack("model.layers.0.feed_forward.experts.down_proj", (0..<count).map { expert($0, 2).transposed }),
      ]
    for other in [mixtral, stacked, oss, llama4] {
      let folder = try TemporaryFolder()
      try expectSame(Aligner.aligned(Models.make([single, other], in: folder)))
    }
  }

  @Test func nothingIsDoneWhereAllStoreTheSameWay() throws {
    let records = try Models.make([phi(1), phi(2) + [Matrix(8, 8, seed: 1).tensor("other.weight")]], in: folder)
    let models = try Aligner.aligned(records)
    #expect(models.models.map(\.tensors) == records.map(\.tensors))
  }
}
