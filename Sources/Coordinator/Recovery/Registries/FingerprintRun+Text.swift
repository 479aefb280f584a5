internal import Core
internal import System

extension FingerprintRun.Event {
  /// A line for people.
  package var text: String {
    switch self {
    case .added(let id, let weights): "\(id.printable): added, \(counted(weights, "weight"))"
    case .known(let id): "\(id.printable): known, its files have not changed"
    case .sameWeights(let id): "\(id.printable): known, the same weights are there under this name"
    case .skipped(let id, let reason): "\(id.printable): skipped: \(reason)"
    }
  }
}
