internal import Alignment
internal import Checkpoints
internal import Core
internal import Naming
internal import Storage

/// Which models have which canonical tensor, and which adapters change it.
struct TensorMatching {
  /// One canonical tensor and all that is known of it.
  struct Match {
    var tensor: CanonicalTensor
    /// Where it begins in tables with more rows; see `VocabularyCuts`.
    var firstRow = 0
    /// In the order of the models.
    var copies: [PlannedTensor.Copy] = []
    var updates: [PlannedTensor.Update] = []

    /// Is there anything to compare?
    var isShared: Bool { copies.count > 1 || !updates.isEmpty }
  }

  /// In the order in which the models name them.
  private(set) var matches: [Match] = []

  init(_ models: [ModelRecord], _ alignment: [AlignmentMap]) {
    let cuts = VocabularyCuts(models, alignment)
    var numbers: [Part: Int] = [:]
    func number(_ part: Part) -> Int {
      if let known = numbers[part] { return known }
      numbers[part] = matches.count
      matches.append(Match(tensor: part.tensor, firstRow: part.firstRow))
      return matches.count - 1
    }
    // Of the last model's tensors.
    var places: [[Int]] = []
    for (index, model) in models.enumerated() {
      if index == 0 || alignment[index].tensors != alignment[index - 1].tensors {
        places = alignment[index].tensors.enumerated().map { place, tensor in
          guard let rows = cuts.rows(ofModel: index, tensor: place) else {
            return [number(Part(tensor: tensor, firstRow: 0))]
          }
          return rows.compactMap { Part(tensor, rows: $0) }.map(number)
        }
      }
      for (tensor, places) in zip(model.tensors, places) {
        for place in places {
          let shape = matches[place].tensor.shape
          // What is read is the part's share of the whole.
          let bytes = tensor.bytes.multipliedFullWidth(by: shape.elements)
          matches[place].copies.append(
            .init(
              model: index, name: tensor.name, elementType: tensor.elementType,
              bytes: tensor.shape.elements.dividingFullWidth(bytes).quotient, readingBytes: tensor.readingBytes))
        }
      }
    }
    addUpdates(models, alignment)
  }

  /// A canonical tensor, or some rows of one.
  private struct Part: Hashable {
    var tensor: CanonicalTensor
    var firstRow: Int

    init(tensor: CanonicalTensor, firstRow: Int) {
      self.tensor = tensor
      self.firstRow = firstRow
    }

    init?(_ whole: CanonicalTensor, rows: Range<Int>) {
      guard let shape = TensorShape([rows.count] + whole.shape.extents.dropFirst()) else { return nil }
      tensor = whole
      tensor.shape = shape
      firstRow = rows.lowerBound
    }
  }

  /// Where an update of an adapter belongs.
  private struct Place: Hashable {
    var name: String
    var rows: Int
    var columns: Int
  }

  private mutating func addUpdates(_ models: [ModelRecord], _ alignment: [AlignmentMap]) {
    guard models.contains(where: { $0.adapter != nil }) else { return }
    var updates: [Place: [PlannedTensor.Update]] = [:]
    for (number, model) in models.enumerated() {
      guard let adapter = model.adapter, !adapter.isWithoutBase else { continue }
      for (index, (update, tensor)) in zip(adapter.updates, alignment[number].updates).enumerated() {
        updates[Place(name: tensor.name, rows: update.rows, columns: update.columns), default: []]
          .append(.init(model: number, index: index))
      }
    }
    for (index, match) in matches.enumerated() {
      let shape = match.tensor.shape
      let place = Place(name: match.tensor.name, rows: shape.rows, columns: shape.columns)
      matches[index].updates = updates[place] ?? []
    }
  }
}
