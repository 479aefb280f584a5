import Checkpoints
import Core
import Planning
import Storage
import System
import Testing

/// Which tensors of which models are compared.
struct MatchingTests {
  private let matrix = [4, 4]

  private func plan(_ models: ModelRecord...) -> Plan { Plan(models: models, statistics: []) }

  @Test(arguments: [
    "model.", "bert.", "base_model.model.", "module.", "transformer.", "_orig_mod.",
    "base_model.model.model.", "module.bert.",
  ])
  func wrappersInFrontOfANameDoNotMatter(_ wrapper: String) throws {
    let plan = plan(
      record("wrapped", [("\(wrapper)layer.0.weight", matrix)]), record("bare", [("layer.0.weight", matrix)]))
    let tensor = try #require(plan.tensors.first)
    #expect(plan.tensors.count == 1)
    #expect(tensor.copies.map(\.name) == ["\(wrapper)layer.0.weight", "layer.0.weight"])
    #expect(tensor.name == "\(wrapper)layer.0.weight")
    #expect(tensor.models == [0, 1])
  }

  /// Names alone differ in some, the order of rotary rows in others: those must not be compared.
  @Test func anotherDialectMeetsWhereOnlyNamesDifferAndSaysWhereMoreDoes() throws {
    let names = ["self_attn.q_proj", "self_attn.v_proj", "mlp.down_proj"].map { "model.layers.0.\($0).weight" }
    let meta = ["attention.wq", "attention.wv", "feed_forward.w2"].map { "layers.0.\($0).weight" }
    let plan = plan(record("hf", names.map { ($0, matrix) }), record("meta", meta.map { ($0, matrix) }))
    #expect(plan.tensors.map { $0.copies.map(\.name) } == [[names[1], meta[1]], [names[2], meta[2]]])
    let note = try #require(plan.notes.first)
    #expect(note.subject == "meta")
    #expect(note.text.contains("'\(meta[0])'") && note.text.contains("pairs-to-halves"), "\(note.text)")
  }

  @Test func modelsOfOneDialectMeetInAllTensors() {
    let names = ["layers.0.attention.wq.weight", "layers.0.feed_forward.w2.weight"].map { ($0, matrix) }
    let plan = plan(record("a", names), record("b", names))
    #expect(plan.tensors.count == 2)
    #expect(plan.notes.isEmpty)
  }

  @Test(arguments: ["decoder.", "xmodel.", "models.", "encoder."])
  func otherNamesInFrontDoMatter(_ prefix: String) {
    let plan = plan(
      record("a", [("\(prefix)w", matrix), ("x", matrix)]), record("b", [("w", matrix), ("x", matrix)]))
    #expect(plan.tensors.map(\.name) == ["x"])
  }

  @Test func wrapperAloneIsAName() {
    let plan = plan(record("a", [("model.", matrix)]), record("b", [("model.", matrix)]))
    #expect(plan.tensors.map(\.name) == ["model."])
  }

  @Test func namesThatWouldBecomeOneAreKeptApart() {
    let names = [("model.w", matrix), ("w", matrix)]
    let plan = plan(record("a", names), record("b", names))
    #expect(plan.tensors.map(\.name) == ["model.w", "w"])
    #expect(plan.tensors.allSatisfy { Set($0.copies.map(\.name)).count == 1 })
  }

  @Test func aModelNeverHasTwoCopiesOfATensor() {
    let plan = plan(
      record("a", [("model.w", matrix), ("w", matrix)]), record("b", [("w", matrix)]),
      record("c", [("model.w", matrix)]))
    #expect(plan.tensors.allSatisfy { Set($0.models).count == $0.models.count })
  }

  @Test func otherShapesAreOtherTensors() {
    let plan = plan(
      record("a", [("w", [2, 3])]), record("b", [("w", [3, 2])]), record("c", [("w", [2, 3])]),
      record("d", [("w", [6])]))
    #expect(plan.tensors.map(\.models) == [[0, 2]])
    #expect(plan.tensors.map(\.shape.extents) == [[2, 3]])
  }

  @Test func otherTypesAreTheSameTensor() throws {
    let plan = plan(
      record("a", [("w", matrix)], type: .f32), record("b", [("w", matrix)], type: .bf16),
      record("c", [("w", matrix)], type: .f64))
    let tensor = try #require(plan.tensors.first)
    #expect(tensor.copies.map(\.elementType) == [.f32, .bf16, .f64])
    #expect(tensor.bytesPerCoordinate == 14)
    #expect(tensor.bytes == 14 * 16)
  }

  @Test func modelsOfDifferentSignaturesShareOneRun() {
    let plan = plan(
      record("vit1", [("vit.q", [8, 8]), ("head", [10, 8])]), record("llama1", [("model.q", [16, 16])]),
      record("vit2", [("q", [8, 8])]), record("llama2", [("q", [16, 16])]))
    #expect(plan.tensors.map(\.models) == [[0, 2], [1, 3]])
    #expect(plan.notes.map(\.subject) == ["vit1"])
    #expect(plan.notes[0].text.hasPrefix("1 of 2 tensors is in no other model"))
  }

  private func decoder(_ id: String, tokens: Int, layers: Int = 2) -> ModelRecord {
    record(
      id,
      [("embed_tokens.weight", [tokens, 8])] + (0..<layers).map { ("layers.\($0).mlp.up_proj.weight", [16, 8]) }
        + [("lm_head.weight", [tokens, 8])])
  }

  @Test func aFewAppendedTokensAreCutOffTablesAndHeads() {
    let plan = plan(decoder("a", tokens: 300), decoder("b", tokens: 301), decoder("c", tokens: 364))
    let tables = plan.tensors.filter { $0.role != .linear }
    #expect(tables.map(\.shape.extents) == [[300, 8], [300, 8]])
    #expect(tables.allSatisfy { $0.models == [0, 1, 2] && $0.firstRow == 0 })
    #expect(tables[0].copies.map(\.bytes) == [9600, 9600, 9600], "only the rows that are compared are read")
  }

  @Test func manyAppendedTokensAreComparedAmongTheModelsThatHaveThem() {
    let plan = plan(
      decoder("a", tokens: 300), decoder("b", tokens: 600), decoder("c", tokens: 610), decoder("d", tokens: 300))
    let tables = plan.tensors.filter { $0.role == .embedding }
    #expect(tables.map(\.shape.extents) == [[300, 8], [300, 8]])
    #expect(tables.map(\.firstRow) == [0, 300])
    #expect(tables.map(\.models) == [[0, 1, 2, 3], [1, 2]])
  }

  @Test func aTableOfAnotherArchitectureCutsNothing() {
    let other = record("x", [("embed_tokens.weight", [40, 8]), ("layers.0.mlp.up_proj.weight", [99, 8])])
    let plan = plan(decoder("a", tokens: 300), other, decoder("b", tokens: 301))
    #expect(plan.tensors.filter { $0.role == .embedding }.map(\.models) == [[0, 2]])
  }

  @Test func headsOfOtherTasksAreNotComparedRowByRow() {
    let linear = ("layers.0.mlp.up_proj.weight", [16, 8])
    let plan = plan(
      record("a", [("embed_tokens.weight", [300, 8]), linear, ("classifier.weight", [20, 8])]),
      record("b", [("embed_tokens.weight", [300, 8]), linear, ("classifier.weight", [30, 8])]))
    #expect(plan.tensors.map(\.name) == ["embed_tokens.weight", "layers.0.mlp.up_proj.weight"])
  }

  @Test func embeddingTablesAreAskedForTheirShrinkage() {
    let tensors = [
      ("embeddings.word.weight", [100, 8]), ("layer.0.weight", [16, 16]), ("embeddings.bias", [8]),
    ]
    let plan = Plan(models: [record("a", tensors), record("b", tensors)], statistics: .l1)
    #expect(plan.tensors.map(\.role) == [.embedding, .linear, .vector])
    #expect(plan.tensors.map(\.statistics) == [[.l1, .shrinkage], [.l1, .spectrum], .l1])
  }

  @Test func tensorsThatWereSetAsideAreNotedByType() throws {
    let ids = SkippedTensor(name: "position_ids", type: "I64", extents: [512])
    let none = SkippedTensor(name: "none", type: "F32", extents: [0])
    let plan = plan(
      record("a", [("w", matrix)], setAside: [ids, none]), record("b", [("w", matrix)], setAside: [ids]))
    #expect(plan.notes.map(\.subject) == ["F32", "I64"])
    #expect(plan.notes[0].text.contains("1 tensor of 1 model") && plan.notes[0].text.contains("empty"))
    #expect(plan.notes[1].text.contains("2 tensors of 2 models"))
    #expect(plan.notes[1].text.contains("'position_ids'"))
  }

  @Test func modelsThatShareNothingAreNoted() {
    let plan = Plan(
      models: [
        record("a", [("w", matrix)]), record("stranger", [("w", [5, 5])]), record("b", [("w", matrix)]),
        record("integers", []),
      ], statistics: [], notes: [Note(subject: "x", text: "found before")])
    #expect(plan.notes.map(\.subject) == ["x", "stranger", "integers"])
    #expect(plan.notes[1].text.contains("shares no tensor"))
    #expect(plan.notes[2].text.contains("no floating-point weights"))
    #expect(plan.models.count == 4)
  }
}
