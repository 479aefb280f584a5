import Core
import Naming
import Testing

/// Names are cut at the layer's number and can be put together again.
struct CanonicalTensorTests {
  private func tensor(_ name: String) throws -> CanonicalTensor {
    CanonicalTensor(name: name, shape: try #require(TensorShape([2, 3])))
  }

  @Test(arguments: [
    ("layers.12.mlp.experts.3.up.weight", "layers.", 12, ".mlp.experts.3.up.weight"),
    ("encoder.block.0", "encoder.block.", 0, ""),
    ("h.7.", "h.", 7, "."),
  ])
  func theFirstNumberIsTheLayers(_ name: String, _ stack: String, _ layer: Int, _ part: String) throws {
    let tensor = try tensor(name)
    #expect((tensor.stack, tensor.layer, tensor.part) == (stack, CanonicalLayer(layer), part))
    #expect(tensor.name == name)
  }

  @Test(arguments: [
    "lm_head.weight", "0.weight", "", ".", "layers.007.weight", "layers.+1.weight", "layers.1x.weight",
    "layers.99999999999999999999.weight", "größe.²",
  ])
  func whatIsNotALayersNumberIsLeft(_ name: String) throws {
    #expect(try tensor(name).layer == nil)
    #expect(try tensor(name).name == name)
  }

  @Test func anotherArrangementIsAnotherTensor() throws {
    var other = try tensor("layers.0.q.weight")
    other.rearrangement = Rearrangement(steps: [.transpose], results: ["layers.0.q.weight"])
    #expect(try tensor("layers.0.q.weight") != other)
  }
}
