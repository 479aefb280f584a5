internal import System

/// Files of a folder that hold one model together: a single file, or all parts of a sharded one.
struct WeightSet {
  /// `model`, `model.fp16`, `llama.Q4_K_M`
  var stem: String
  var ending: String
  /// In the order in which they are read.
  var names: [String]
  /// The tensors that belong to the model, by file, where an index says so.
  var tensors: [String: Set<String>] = [:]
  /// Is it several files?
  var isSharded = false
  /// What is odd about it, though it is read.
  var notes: [String] = []
  /// Why it cannot be read.
  var defect: Failure?

  func files(in folder: String, prefix: String = "") -> [ModelSource.File] {
    names.map { .init(path: "\(folder)/\($0)", prefix: prefix, tensors: tensors[$0]) }
  }

  /// Its rank among the forms of one model: the smallest is taken.
  var preference: Int { WeightNames.endings.firstIndex(of: ending) ?? WeightNames.endings.count }

  /// Its place among the names that models have in folders of their own; nil for any other. Diffusers keeps
  /// precisions beside each other, as `<name>.fp16`.
  var ownName: (place: Int, isVariant: Bool)? {
    if let place = WeightNames.ownNames.firstIndex(of: stem) { return (place, false) }
    let place = WeightNames.ownNames.firstIndex {
      stem.hasPrefix("\($0).") && !stem.dropFirst($0.count + 1).contains(".")
    }
    // Parts of Meta's checkpoints are numbered in the same way, and are not variants of each other.
    return place.flatMap { Int(stem.dropFirst(WeightNames.ownNames[$0].count + 1)) == nil ? ($0, true) : nil }
  }
}
