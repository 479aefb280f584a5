package import Core

/// Finds the canonical tensors that a model's stored ones stand for, by their names alone.
package enum CanonicalNaming {
  /// - Parameters:
  ///   - names: of all tensors of one model, as stored.
  ///   - shapes: of the same tensors.
  /// - Returns: one for each. Tensors that would become the same keep the names that they have.
  package static func tensors(named names: [String], shapes: [TensorShape]) -> [CanonicalTensor] {
    let bare = names.map(CanonicalName.of)
    let templates = bare.map(NameTemplate.init)
    var tensors: [CanonicalTensor]
    if let dialect = Dialect.spoken(in: templates), !dialect.isReference {
      tensors = zip(templates, shapes).enumerated().map { index, tensor in
        dialect.canonical(bare[index], tensor.0, tensor.1)
      }
    } else {
      tensors = zip(bare, shapes).map { CanonicalTensor(name: $0, shape: $1) }
    }
    let counts = Dictionary(tensors.map { ($0.name, 1) }, uniquingKeysWith: +)
    for index in tensors.indices where counts[tensors[index].name] != 1 {
      tensors[index] = CanonicalTensor(name: names[index], shape: shapes[index])
    }
    return tensors
  }
}

extension Dialect {
  /// - Parameters:
  ///   - name: of a stored tensor, without wrappers.
  ///   - template: of this name.
  fileprivate func canonical(_ name: String, _ template: NameTemplate, _ shape: TensorShape) -> CanonicalTensor {
    let entry = entries[template.text]
    if let entry, entry.steps.isEmpty, let place = entry.canonical.first {
      return CanonicalTensor(name: template.filling(place), shape: shape)
    }
    // A tensor of its own, but in the same layer as the others.
    let own =
      template.text.hasPrefix(layers.own)
      ? template.filling(layers.canonical + template.text.dropFirst(layers.own.count)) : name
    return CanonicalTensor(
      name: own, shape: shape,
      rearrangement: entry.map { Rearrangement(steps: $0.steps, results: $0.canonical.map(template.filling)) })
  }
}
