internal import Core
package import Fingerprints
package import Registry
internal import Storage
internal import System
package import TestSeed

/// Fingerprints of models that do not exist, with the statistics of models that do: inputs of very different sizes that
/// all models of an architecture share, heavy tails, norms near one.
package struct MadeFingerprints {
  package private(set) var random: Seeded
  package var layers = 4
  package var width = 256
  package var tokens = 1000

  package init(_ random: Seeded) { self.random = random }

  private var shapes: [(name: String, shape: [Int])] {
    var all = [("embed_tokens.weight", [tokens, width])]
    for layer in 0..<layers {
      for part in ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"] {
        all.append(("layers.\(layer).\(part).weight", [width, width]))
      }
      all.append(("layers.\(layer).mlp.up_proj.weight", [2 * width, width]))
      all.append(("layers.\(layer).input_layernorm.weight", [width]))
    }
    return all
  }

  /// A model that is related to none.
  package mutating func stranger() -> ModelFingerprint {
    let described = shapes.map { (name: $0.name, shape: TensorShape($0.shape)!) }
    let tensors = TensorSelection(described).choices.map { choice in
      let (name, shape) = described[choice.tensor]
      let part = FingerprintTensor(name, shape, choice.size).part
      var made = FingerprintTensor(name, shape, choice.size)
      // Columns as the architecture makes them, the same in all models.
      var common = Seeded(UInt64(shape.columns))
      let scales = (0..<shape.columns).map { _ in Seeded.exponential(0.7 * common.normal()) }
      let layout = SampleLayout(shape, isTable: shape.isTable(part), size: choice.size)
      var values: [Float] = []
      for _ in layout.rows {
        for column in layout.columns {
          // Student's t with few degrees of freedom, bounded.
          let tail = Seeded.exponential(0.5 * random.normal())
          values.append(Float(shape.rank == 1 ? 1 + 0.05 * random.normal() : scales[column] * tail * random.normal()))
        }
      }
      made.sample = SampleBlock(shape: layout.shape, values: values)
      return made
    }
    return finished(tensors)
  }

  /// A model that was trained from another one: every weight moves by so much of its size.
  package mutating func child(of parent: ModelFingerprint, step: Double) -> ModelFingerprint {
    finished(
      parent.tensors.map { tensor in
        var made = tensor
        made.sample.values = tensor.sample.values.map { $0 + Float(step * random.normal()) * 0.7 }
        return made
      })
  }

  /// Whole tensors like their samples: moments, spectra and hashes follow.
  private mutating func finished(_ tensors: [FingerprintTensor]) -> ModelFingerprint {
    var all = tensors
    for place in all.indices {
      let values = all[place].sample.values
      var moments = ExactMoments()
      values.withUnsafeBufferPointer { moments.add($0) }
      let factor = Double(all[place].shape.elements) / Double(values.count)
      let sampled = moments.total
      all[place].moments = Moments(
        count: factor * sampled.count, mean: sampled.mean, m2: factor * sampled.m2, m3: factor * sampled.m3,
        m4: factor * sampled.m4, minimum: sampled.minimum, maximum: sampled.maximum, zeros: 0, notFinite: 0)
      all[place].content = ContentHash(first: random.next(), second: random.next())
      if all[place].role == .linear {
        all[place].bands = (0..<SpectrumGrid.bands).map { Double(Float(factor * sampled.m2 / Double($0 + 2))) }
      }
    }
    let contents = all.map { ModelFingerprint.Content(hash: $0.content.first, weights: $0.shape.elements) }
    var hash = SHA256()
    for tensor in all { hash.add(tensor.content.text) }
    return ModelFingerprint(
      facts: FingerprintFacts(
        format: "safetensors", encodings: ["F32"], rounding: 0x1p-24, parameters: 1_000_000, tensors: all.count,
        dialects: ["llama"], layout: [], unread: nil, structure: "made \(layers) \(width)", content: hash.digest.text),
      tensors: all, contents: contents.sorted { $0.hash < $1.hash })
  }

  package static func entry(_ id: String, _ fingerprint: ModelFingerprint, path: String? = nil) -> RegistryEntry {
    RegistryEntry(
      id: id, identity: fingerprint.identity, path: path ?? "/models/\(id)", added: "2026-01-01T00:00:00Z",
      sources: [
        .init(
          file: SourceFile(path: "/models/\(id)/model.safetensors", bytes: 100, modified: 5, header: "abc"),
          sha256: nil)
      ], license: "mit")
  }
}

extension FingerprintTensor {
  fileprivate init(_ name: String, _ shape: TensorShape, _ size: SampleShape) {
    self.init(
      name: name, shape: shape, moments: .empty, content: ContentHash(), noise: 0, collinearity: Double(Float(1e-9)),
      bands: [],
      sample: SampleBlock(shape: size, models: 1))
  }
}
