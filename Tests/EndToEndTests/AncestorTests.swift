import Core
import Foundation
import TestPrograms
import TestSeed
import TestSupport
import Testing

/// The weights of an ancestor that is not in the collection.
@Suite struct AncestorTests {
  private struct Answer: Decodable {
    struct Tensor: Decodable {
      var origin: String
      var ranks: [Int]?
    }
    var file: String
    var children: [String]
    var estimatedWeights: Int
    var disagreement: Double?
    var tensors: [Tensor]
  }

  private static let maps = ["self_attn.q_proj", "self_attn.v_proj", "mlp.up_proj", "mlp.down_proj"]
  private static let side = 48

  /// Writes models that differ from one base, which is not written, by updates of rank 2 to 5 of all maps but the last.
  ///
  /// - Returns: the base's tensors.
  private func makeSiblings(_ count: Int, in folder: TemporaryFolder, _ random: inout Seeded) throws -> [TestTensor] {
    let shape = [Self.side, Self.side]
    var base: [TestTensor] = []
    for layer in 0..<3 {
      for map in Self.maps {
        let values = (0..<shape[0] * shape[1]).map { _ in 0.1 * random.normal() }
        base.append(TestTensor("model.layers.\(layer).\(map).weight", .f32, shape, values))
      }
      base.append(
        TestTensor(
          "model.layers.\(layer).input_layernorm.weight", .f32, [Self.side],
          (0..<Self.side).map { _ in 1 + 0.1 * random.normal() }))
    }
    for sibling in 0..<count {
      let rank = 2 + sibling % 4
      var tensors = base
      for (place, tensor) in base.enumerated() where tensor.shape.count == 2 && !tensor.name.contains("down_proj") {
        let left = (0..<Self.side * rank).map { _ in 0.01 * random.normal() }
        let right = (0..<Self.side * rank).map { _ in random.normal() }
        var values = tensor.values
        for row in 0..<Self.side {
          for column in 0..<Self.side {
            for k in 0..<rank {
              values[row * Self.side + column] += left[row * rank + k] * right[k * Self.side + column]
            }
          }
        }
        tensors[place] = TestTensor(tensor.name, .f32, tensor.shape, values)
      }
      try folder.write(tensors, to: "models/m\(sibling)/model.safetensors")
    }
    return base
  }

  @Test func siblingsByUpdatesOfLowRankGiveTheirBaseBack() throws {
    let folder = try TemporaryFolder()
    var random = Seeded.fresh()
    let base = try makeSiblings(8, in: folder, &random)
    let run = folder.at("run")
    let recovered = try Program.run(Program.modeltree, ["recover", folder.at("models"), "--out", run])
    #expect(recovered.status == 0, "\(recovered.stderr)")
    let output = try Program.run(
      Program.modeltree, ["ancestor", run, "inferred-1", "--out", folder.at("base"), "--json"])
    #expect(output.status == 0, "\(output.stderr) seed \(random.seed)")
    let answer = try JSONDecoder.snakeCase.decode(Answer.self, from: Data(output.stdout.utf8))
    // One of the siblings may stand above the ancestor, as nothing tells which came first.
    #expect(answer.children.count >= 7 && answer.estimatedWeights == 0, "seed \(random.seed)")
    #expect(answer.tensors.filter { $0.origin == "recovered" }.count == 9, "seed \(random.seed)")
    #expect(try #require(answer.disagreement) < 1e-5, "seed \(random.seed)")
    // numpy-free: the file is the header, then the tensors in the order of the first child's.
    let bytes = try folder.read("base/model.safetensors")
    let header = bytes.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
    let places =
      try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + header])) as? [String: [String: Any]] ?? [:]
    #expect(places.count == base.count)
    for tensor in base {
      let offsets = try #require(places[tensor.name]?["data_offsets"] as? [Int])
      let part = bytes[(8 + header + offsets[0])..<(8 + header + offsets[1])]
      let values = Data(part).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      let apart = zip(values, tensor.values).reduce(0.0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
      let energy = tensor.values.reduce(0) { $0 + $1 * $1 }
      #expect((apart / energy).squareRoot() < 1e-5, "\(tensor.name) seed \(random.seed)")
    }
    // What is there is not written over.
    let again = try Program.run(Program.modeltree, ["ancestor", run, "inferred-1", "--out", folder.at("base")])
    #expect(again.status == 73 && again.stderr.contains("is there already"))
  }

  @Test func modelsOfTheCollectionAreNoAncestorsToWrite() throws {
    let folder = try TemporaryFolder()
    var random = Seeded.fresh()
    _ = try makeSiblings(3, in: folder, &random)
    let run = folder.at("run")
    #expect(try Program.run(Program.modeltree, ["recover", folder.at("models"), "--out", run]).status == 0)
    let output = try Program.run(Program.modeltree, ["ancestor", run, "m1", "--out", folder.at("base")])
    #expect(output.status == 64 && output.stderr.contains("is a model of the collection"))
    #expect(!FileManager.default.fileExists(atPath: folder.at("base")))
  }
}

extension JSONDecoder {
  fileprivate static var snakeCase: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }
}
