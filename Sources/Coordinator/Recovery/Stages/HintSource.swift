package import Checkpoints
import Core
package import Hints
package import System

/// Where hints come from: a file, or what lies beside the models.
package enum HintSource {
  package static let auto = "auto"

  case file(Hints)
  case cards

  package init(_ text: String) throws(Failure) {
    self = text == Self.auto ? .cards : .file(try Hints(path: text))
  }

  /// - Throws: `Failure` (bad input) when a file names none of the models.
  package func hints(of models: [ModelRecord], report: RunEventHandler) throws(Failure) -> Hints {
    switch self {
    case .file(let hints):
      let ids = Set(models.map(\.id))
      let unknown = hints.models.keys.filter { !ids.contains($0) }.sorted()
      guard unknown.count < hints.models.count else {
        throw .badInput(
          "the hints and the models have no id in common",
          advice: "ids are folder or file names, for example '\(models[0].id.printable)'")
      }
      if let first = unknown.first {
        report(.unknownModels(file: "the hints name", count: unknown.count, example: first))
      }
      return hints
    case .cards:
      var hints = Hints(models: [:])
      for model in models {
        let card = ModelCard(of: model)
        let base = card.baseModel ?? model.adapter?.declaredBase
        guard base != nil || card.license != nil else { continue }
        hints.models[model.id] = Hints.Hint(base: base, license: card.license)
      }
      return hints
    }
  }
}
