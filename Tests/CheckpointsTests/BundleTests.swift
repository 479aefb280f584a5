import Checkpoints
import Core
import Glibc
import Storage
import System
import TestSupport
import Testing

/// Folders as hubs, trainers and people leave them: every model is found once, and what is none gets one line.
struct BundleTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func weight(_ name: String, _ value: Double = 1) -> TestTensor { TestTensor(name, .f32, [2], [value, 2]) }

  private var model: [TestTensor] { [weight("a"), weight("b")] }

  private func factors(_ down: String, _ up: String) -> [TestTensor] {
    ["x", "y"].flatMap { module in
      [
        TestTensor(module + down, .f32, [2, 3], Array(repeating: 1, count: 6)),
        TestTensor(module + up, .f32, [4, 2], Array(repeating: 1, count: 8)),
      ]
    }
  }

  private func found() throws -> (ids: [String], notes: [String]) {
    let finder = try ModelFinder([folder.at("zoo")])
    let start = folder.at("zoo").utf8.count + 1
    return (
      finder.models.map(\.id), finder.notes.map { "\(String($0.subject.utf8.dropFirst(start)) ?? ""): \($0.text)" }
    )
  }

  private func isAdapter(_ id: String) throws -> Bool {
    let source = try ModelFinder([folder.at("zoo")]).models.first { $0.id == id }
    if case .adapter = source?.content { return true }
    return false
  }

  @Test(arguments: ["model", "pytorch_model", "consolidated", "my.model", "weights_of-us"])
  func completePartsAreAModelWithoutAnIndex(_ stem: String) throws {
    try folder.write([weight("a")], to: "zoo/m/\(stem)-00001-of-00002.safetensors")
    try folder.write([weight("b")], to: "zoo/m/\(stem)-00002-of-00002.safetensors")
    try folder.write("{}", to: "zoo/m/config.json")
    let record = try Models.importOne(folder.at("zoo"), into: folder.at("stores"))
    #expect(record.id == "m" && record.tensors.map(\.name) == ["a", "b"])
    try folder.remove("zoo/m/\(stem)-00002-of-00002.safetensors")
    let failure = try #require(failure { _ = try ModelFinder([folder.at("zoo/m")]) })
    #expect(failure.message.contains("part 2 is missing") && failure.message.contains(stem))
  }

  @Test func aStaleIndexCostsANote() throws {
    try folder.write([weight("a")], to: "zoo/m/model-00001-of-00002.safetensors")
    try folder.write([weight("b")], to: "zoo/m/model-00002-of-00002.safetensors")
    let index = Safetensors.index(["a": "model-00001-of-00013.safetensors", "b": "model-00013-of-00013.safetensors"])
    for text in [index, "{}", "no JSON"] {
      try folder.write(text, to: "zoo/m/model.safetensors.index.json")
      let finder = try ModelFinder([folder.at("zoo")])
      #expect(finder.models.map(\.id) == ["m"])
      #expect(finder.notes.count == 1 && finder.notes[0].text.contains("its 2 parts are complete"))
      #expect(try Models.importOne(folder.at("zoo"), into: folder.at("stores")).tensors.map(\.name) == ["a", "b"])
    }
  }

  @Test func checkpointsBelowAModelAreModelsToo() throws {
    for name in ["out", "out/checkpoint-500", "out/checkpoint-1000"] {
      try folder.write(model, to: "zoo/\(name)/model.safetensors")
      try folder.write("{}", to: "zoo/\(name)/config.json")
    }
    for name in ["optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"] {
      try folder.write("x", to: "zoo/out/checkpoint-500/\(name)")
    }
    try folder.write("x", to: "zoo/out/training_args.bin")
    try folder.link("zoo/out/best", to: "checkpoint-500")
    try folder.write("{}", to: "zoo/out/tokenizer/config.json")
    let (ids, notes) = try found()
    #expect(ids == ["out", "checkpoint-1000", "checkpoint-500"])
    #expect(notes == ["out/best: given twice, used once"])
  }

  @Test func theSameWeightsInAnotherLayoutAreNamed() throws {
    try folder.write(model, to: "zoo/m/model.safetensors")
    for name in [
      "pytorch_model.bin", "model.onnx", "m.Q4_K_M.gguf", "consolidated.safetensors", "original/consolidated.00.pth",
    ] {
      try folder.write("x", to: "zoo/m/\(name)")
    }
    let (ids, notes) = try found()
    #expect(ids == ["m"])
    #expect(
      notes == [
        "m: not read: 'consolidated.safetensors', 'pytorch_model.bin', 'm.Q4_K_M.gguf' and 2 more"
      ])
  }

  @Test func quantizationsWithoutOtherWeightsAreAModelEach() throws {
    for name in ["m.Q4_K_M.gguf", "m.Q8_0.gguf"] { try folder.write("GGUF", to: "zoo/m-gguf/\(name)") }
    #expect(try found().ids == ["m.Q4_K_M", "m.Q8_0"])
  }

  @Test func oneNameInTwoFormatsIsOneModel() throws {
    try folder.write(model, to: "zoo/sd.safetensors")
    try folder.write("x", to: "zoo/sd.ckpt")
    try folder.write("x", to: "zoo/other.ckpt")
    let (ids, notes) = try found()
    #expect(ids == ["other", "sd"])
    #expect(notes == [": not read: 'sd.ckpt', taken for the same model as 'sd.safetensors'"])
  }

  @Test(arguments: [
    (".lora_A.weight", ".lora_B.weight"), (".lora_down.weight", ".lora_up.weight"),
    (".processor.to_q_lora.down.weight", ".processor.to_q_lora.up.weight"), (".lora.down.weight", ".lora.up.weight"),
  ])
  func adaptersAreKnownByTheirTensors(_ down: String, _ up: String) throws {
    let down = down.replacing("to_q_lora", with: "to_q.lora")
    let up = up.replacing("to_q_lora", with: "to_q.lora")
    try folder.write(factors(down, up) + [TestTensor("x.alpha", .f32, [], [4])], to: "zoo/style.safetensors")
    try folder.write(model, to: "zoo/m/model.safetensors")
    try folder.write(factors(down, up), to: "zoo/m/pytorch_lora_weights.safetensors")
    try folder.write(model + factors(down, up), to: "zoo/both.safetensors")
    #expect(try found().ids == ["both", "m", "m/pytorch_lora_weights", "style"])
    #expect(try isAdapter("style") && isAdapter("m/pytorch_lora_weights") && !isAdapter("both") && !isAdapter("m"))
  }

  @Test func anAdapterAloneInAFolderIsCalledLikeIt() throws {
    try folder.write(factors(".lora_A.weight", ".lora_B.weight"), to: "zoo/tuned/checkpoint.safetensors")
    try folder.write(#"{"r": 2, "lora_alpha": 8}"#, to: "zoo/tuned/adapter_config.json")
    let record = try Models.importOne(folder.at("zoo"), into: folder.at("stores"))
    #expect(record.id == "tuned" && record.adapter?.updates.map(\.scale) == [4, 4])
  }

  @Test func revisionsInAHubsCacheAreToldApart() throws {
    let commits = ["a1b2c3d4e5", "f00dcafe99"]
    for (number, commit) in commits.enumerated() {
      try folder.write([weight("a", Double(number))], to: "zoo/models--org--some--name/blobs/\(number)\(number)")
      try folder.link(
        "zoo/models--org--some--name/snapshots/\(commit)/model.safetensors", to: "../../blobs/\(number)\(number)")
    }
    try folder.write("a1b2c3d4e5", to: "zoo/models--org--some--name/refs/main")
    #expect(try found().ids == ["org/some/name@a1b2c3d", "org/some/name@f00dcaf"])
    #expect(try found().notes.isEmpty)
    try folder.remove("zoo/models--org--some--name/snapshots/f00dcafe99")
    #expect(try found().ids == ["org/some/name"])
  }

  @Test func whatIsNoModelGetsOneLine() throws {
    try folder.write(model, to: "zoo/good/model.safetensors")
    try folder.write("{}", to: "zoo/config-only/config.json")
    try folder.write("{}", to: "zoo/half/config.json")
    try folder.write("123", to: "zoo/half/model.safetensors.part")
    try folder.write("{}", to: "zoo/models--org--c/snapshots/22/config.json")
    try folder.write("123", to: "zoo/models--org--c/blobs/45.incomplete")
    try folder.write("{}", to: "zoo/models--org--d/snapshots/33/config.json")
    try folder.link("zoo/models--org--d/snapshots/33/model.safetensors", to: "../../blobs/gone")
    try folder.write("x", to: "zoo/nemo/model.nemo")
    try folder.write("x", to: "zoo/dcp/pytorch_model_fsdp_0/__0_0.distcp")
    let (ids, notes) = try found()
    #expect(ids == ["good"])
    #expect(
      notes == [
        "config-only: skipped: holds config.json, but no weights; download them too",
        "dcp/pytorch_model_fsdp_0: skipped: '__0_0.distcp', a checkpoint of torch.distributed, which is not read; convert it to safetensors first",
        "half: skipped: holds an unfinished download, 'model.safetensors.part', and no weights; download it again",
        "models--org--c: skipped: holds an unfinished download, 'blobs/45.incomplete', and no weights; download it again",
        "models--org--d/snapshots/33/model.safetensors: skipped: it is a link that leads nowhere, or may not be followed",
        "nemo: skipped: 'model.nemo', an archive of NeMo, which is not read; convert it to safetensors first",
      ])
  }

  @Test(arguments: [
    ("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 4\n", "Git LFS pointer"),
    ("<!DOCTYPE html>\n<html>", "page of HTML"), ("\n <html lang=en>", "page of HTML"), ("", "is empty"),
    ("<?xml version=\"1.0\"?><Error/>", "XML"), ("\u{0}\u{5}\u{16}\u{7}", "resource fork"),
    (String(repeating: "\u{0}", count: 2000), "zeros alone"), ("PK\u{3}\u{4}", "zip archive without its end"),
    ("Invalid username or password.", "is text, not weights: 'Invalid username or password.'"),
    ("Entry not found", "is text, not weights: 'Entry not found'"),
  ])
  func whatStandsInThePlaceOfWeightsIsNamed(_ content: String, _ what: String) throws {
    for name in ["m/pytorch_model.bin", "m.pt"] {
      let path = try folder.write(content, to: name)
      let failure = try #require(failure { _ = try Models.importOne(path, into: folder.at("stores")) })
      #expect(
        failure.kind == .badInput && failure.message.contains(path) && failure.message.contains(what), "\(failure)")
      #expect(!failure.advice.isEmpty)
    }
  }

  @Test func weightsAreFoundUnderAnyName() throws {
    try folder.write(model, to: "zoo/one.safetensors.bak")
    try folder.write(model, to: "zoo/two")
    try folder.write(Safetensors.encode(model), to: "zoo/three.pt")
    for name in ["README.md", "data.parquet", "notes", "picture.jpg"] { try folder.write("x", to: "zoo/\(name)") }
    #expect(try found().ids == ["one.safetensors.bak", "three", "two"])
    #expect(try found().notes.isEmpty)
  }

  @Test func hardLinksAreOneFile() throws {
    let path = try folder.write(model, to: "zoo/a.safetensors")
    #expect(link(path, folder.at("zoo/b.safetensors")) == 0)
    #expect(try found().ids == ["a"])
    #expect(try found().notes == ["b.safetensors: given twice, used once"])
  }

  @Test func partsOfEveryTensorAreNotTakenForTheWhole() throws {
    for name in ["consolidated.00.pth", "consolidated.01.pth"] { try folder.write("x", to: "zoo/m/\(name)") }
    let failure = try #require(failure { _ = try ModelFinder([folder.at("zoo/m")]) })
    #expect(failure.message.contains("a part of every tensor"))
  }

  @Test func aRunFindsNothingOfItsOwn() throws {
    try folder.write(model, to: "zoo/a/model.safetensors")
    try folder.write(model, to: "zoo/run/store/a.h5")
    try folder.write("{}", to: "zoo/run/run.json")
    #expect(try found().ids == ["a"])
  }
}
