internal import CKernels
internal import Core
internal import Glibc

/// The squared distances and norms of one row of an embedding table, all models.
struct Collinearity {
  var gaps: [Double]
  var energies: [Double]
  private let bounds: [Double]
  private var norms: [Double]
  private var logs: [Double]

  /// - Parameter bounds: `Encoding.collinearity` of each model.
  init(bounds: [Double]) {
    gaps = Array(repeating: 0, count: PairIndex(bounds.count).count)
    energies = Array(repeating: 0, count: bounds.count)
    norms = energies
    logs = energies
    self.bounds = bounds
  }

  /// Counts the collinear pairs of the row, adds its distances to the sums, and starts the next.
  mutating func endRow(addingTo sums: inout Partial) {
    for i in energies.indices {
      norms[i] = energies[i].squareRoot()
      logs[i] = energies[i] > 0 ? log(norms[i]) : 0
    }
    mt_add_collinear(gaps, norms, logs, bounds, norms.count, &sums.collinearRows, &sums.logShrinkage)
    sums.l2.withUnsafeMutableBufferPointer { l2 in
      gaps.withUnsafeMutableBufferPointer { gaps in
        for p in gaps.indices {
          l2[p] += gaps[p]
          gaps[p] = 0
        }
      }
    }
    for i in energies.indices { energies[i] = 0 }
  }
}
