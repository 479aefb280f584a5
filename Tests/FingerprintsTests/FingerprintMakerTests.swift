import Checkpoints
import Core
import Fingerprints
import Storage
import System
import TestSeed
import TestSupport
import Testing

@Suite struct FingerprintMakerTests {
  private func tensors(
    _ random: inout SeededRandom, layers: Int = 3, width: Int = 48, tokens: Int = 300, type: ElementType = .bf16
  ) -> [TestTensor] {
    var all = [TestTensor.random("model.embed_tokens.weight", type, [tokens, width], using: &random)]
    for layer in 0..<layers {
      for part in ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"] {
        all.append(.random("model.layers.\(layer).\(part).weight", type, [width, width], using: &random))
      }
      all.append(.random("model.layers.\(layer).mlp.up_proj.weight", type, [3 * width, width], using: &random))
      all.append(.random("model.layers.\(layer).input_layernorm.weight", type, [width], using: &random))
    }
    return all
  }

  private func make(_ tensors: [TestTensor], _ folder: TemporaryFolder, threads: Int = 2) throws -> ModelFingerprint {
    let record = try Models.make([tensors], in: folder)[0]
    return try FingerprintMaker(threads: threads).fingerprint(of: record)
  }

  @Test func itIsTheSameInAnyOrderTypeAndNumberOfThreads() throws {
    var random = SeededRandom(Seeded.fresh().seed)
    let tensors = tensors(&random)
    let known = try make(tensors, TemporaryFolder())
    // bf16 numbers are f32 numbers, too.
    let wide = tensors.reversed().map { TestTensor($0.name, .f32, $0.shape, $0.values) }
    let other = try make(wide, TemporaryFolder(), threads: 1)
    #expect(known.identity == other.identity && known.contents == other.contents)
    #expect(known.tensors.map(\.name) == other.tensors.map(\.name))
    for (a, b) in zip(known.tensors, other.tensors) {
      #expect(a.sample == b.sample && a.moments == b.moments && a.content == b.content && a.bands == b.bands)
    }
    #expect(known.facts.encodings == ["BF16"] && other.facts.encodings == ["F32"])
  }

  @Test func samplesAreTheWeightsAtTheirPlaces() throws {
    var random = SeededRandom(Seeded.fresh().seed)
    let tensors = tensors(&random, width: 130, tokens: 1000)
    let made = try make(tensors, TemporaryFolder())
    #expect(made.tokens == 1000)
    for tensor in made.tensors {
      let source = try #require(tensors.first { $0.name == "model.\(tensor.name)" })
      let layout = tensor.layout
      var expected: [Float] = []
      for row in layout.rows {
        for column in layout.columns { expected.append(Float(source.values[row * tensor.shape.columns + column])) }
      }
      #expect(tensor.sample.values == expected, "\(tensor.name)")
      #expect(tensor.moments.count == Double(source.values.count))
      let energy = source.values.reduce(0) { $0 + $1 * $1 }
      #expect(abs(tensor.moments.energy / energy - 1) < 1e-9)
    }
  }

  @Test func itSurvivesItsBytesAndDamageIsNamed() throws {
    var random = SeededRandom(Seeded.fresh().seed)
    let made = try make(tensors(&random), TemporaryFolder())
    let bytes = FingerprintCodec.encode(made)
    #expect(bytes.count <= ModelFingerprint.mostBytes)
    #expect(try FingerprintCodec.decode(bytes) == made)
    for length in [0, 3, 11, 200, bytes.count - 1] {
      let found = failure { _ = try FingerprintCodec.decode(Array(bytes[..<length])) }
      #expect(found?.kind == .badInput && found?.message.contains("damaged") == true, "\(length)")
    }
    var later = bytes
    later[4] = 9
    #expect(failure { _ = try FingerprintCodec.decode(later) }?.message.contains("version 9") == true)
    // Whatever is changed: read or refused, never a crash.
    for _ in 0..<300 {
      var odd = bytes
      for _ in 0..<3 { odd[Int.random(in: 0..<odd.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
      _ = failure { _ = try FingerprintCodec.decode(odd) }
    }
  }

  @Test func manyTensorsWithLongNamesStayWithinTheBudget() throws {
    var random = SeededRandom(5)
    let word = String(repeating: "experts_of_the_second_kind.", count: 6)
    let tensors = (0..<900).map {
      TestTensor.random("model.layers.\($0).\(word)weight", .f32, [40, 40], using: &random)
    }
    let made = try make(tensors, TemporaryFolder())
    let bytes = FingerprintCodec.encode(made)
    #expect(bytes.count <= ModelFingerprint.mostBytes && made.tensors.count > 150)
    #expect(made.contents.count == ModelFingerprint.mostContents && made.facts.tensors == 900)
    #expect(try FingerprintCodec.decode(bytes) == made)
  }

  @Test func whatCannotBeComparedIsNamed() throws {
    let constants = [
      TestTensor("model.layers.0.self_attn.q_proj.weight", .f32, [16, 16], Array(repeating: 1, count: 256))
    ]
    #expect(failure { _ = try make(constants, TemporaryFolder()) }?.message.contains("only constant tensors") == true)
    let buffer = [TestTensor("model.layers.0.self_attn.rotary_emb.inv_freq", .f32, [8], Array(repeating: 1, count: 8))]
    #expect(failure { _ = try make(buffer, TemporaryFolder()) }?.message.contains("no tensor that could") == true)
    var values = Array(repeating: 0.5, count: 256)
    values[3] = .nan
    let odd = [TestTensor("model.layers.0.self_attn.q_proj.weight", .f32, [16, 16], values)]
    #expect(failure { _ = try make(odd, TemporaryFolder()) }?.message.contains("NaN or infinite") == true)
  }

  @Test func rearrangedTensorsAreTakenApart() throws {
    var random = SeededRandom(Seeded.fresh().seed)
    let width = 24
    var fused: [TestTensor] = []
    for layer in 0..<2 {
      for (name, columns) in [("attn.c_attn", 3 * width), ("attn.c_proj", width), ("mlp.c_fc", 4 * width)] {
        fused.append(.random("transformer.h.\(layer).\(name).weight", .f32, [width, columns], using: &random))
      }
      fused.append(.random("transformer.h.\(layer).mlp.c_proj.weight", .f32, [4 * width, width], using: &random))
      fused.append(.random("transformer.h.\(layer).ln_1.weight", .f32, [width], using: &random))
    }
    fused.append(.random("transformer.wte.weight", .f32, [100, width], using: &random))
    let made = try make(fused, TemporaryFolder())
    #expect(!made.tensors.contains { $0.name.contains("!") }, "\(made.tensors.map(\.name))")
    #expect(made.tensors.count { $0.shape == TensorShape([width, width]) } >= 6, "\(made.tensors.map(\.name))")
  }
}
