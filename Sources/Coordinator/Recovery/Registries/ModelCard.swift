internal import Checkpoints
internal import Hints
internal import System

/// What a model's card, or the user, declares of it.
struct ModelCard {
  var license: String?
  var baseModel: String?

  /// A longer card is not read.
  private static let mostBytes = 4 << 20

  init() {}

  /// Reads the card beside a model.
  init(of model: ModelRecord) {
    guard let data = try? BoundedFile.read("\(model.path)/README.md", limit: Self.mostBytes) else { return }
    let text = String(decoding: data, as: UTF8.self)
    license = Hints.license(inCard: text)
    baseModel = Hints.base(inCard: text)
  }
}
