internal import Alignment
internal import Checkpoints
internal import Core
internal import Encodings
internal import Naming
internal import Storage
internal import System

/// What all tensors together say of a model.
struct FactsMaker {
  struct Tensor {
    var name: String
    var shape: TensorShape
    var content: ContentHash
  }

  /// Without constants, and without heads that repeat the table of tokens.
  private let own: [Tensor]

  init(_ tensors: [Tensor]) {
    let tables = Set(tensors.filter { NetworkPart(ofName: $0.name) == .tokens }.map(\.content))
    own = tensors.filter { tensor in
      switch NetworkPart(ofName: tensor.name) {
      case .constant: false
      case .head: !(tensor.shape.rank == 2 && tables.contains(tensor.content))
      default: true
      }
    }
  }

  func facts(of record: ModelRecord, _ map: AlignmentMap) -> FingerprintFacts {
    FingerprintFacts(
      format: record.checkpoint.format, encodings: record.encodingTitles, rounding: record.rounding,
      parameters: record.parameters, tensors: own.count, dialects: map.dialects,
      layout: Set(map.origins.values.flatMap(\.steps).map(\.rawValue)).sorted(), unread: record.unreadScheme,
      structure: Self.digest(own.map { "\($0.name)\u{0}\($0.shape)" }),
      content: Self.digest(own.map { "\($0.shape.elements) \($0.content.text)" }))
  }

  private static func digest(_ lines: [String]) -> String {
    var hash = SHA256()
    for line in lines.sorted() { hash.add(line) }
    return hash.digest.text
  }

  static func contents(_ tensors: [Tensor]) -> [ModelFingerprint.Content] {
    let all = Set(
      tensors.filter { NetworkPart(ofName: $0.name) != .constant && $0.shape.elements >= leastWeights }.map {
        ModelFingerprint.Content(hash: $0.content.first, weights: $0.shape.elements)
      })
    return Array(all.sorted { ($0.hash, $0.weights) < ($1.hash, $1.weights) }.prefix(ModelFingerprint.mostContents))
  }

  /// Smaller tensors are alike by chance: scales of one.
  private static let leastWeights = 1024
}
