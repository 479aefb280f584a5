internal import Checkpoints
internal import Core
internal import Naming

/// Finds models whose tensors have the same names except for a prefix.
///
/// The wrappers of `CanonicalName` are known; here any prefix may have become any other, as long as
/// most of the names and shapes then agree.
enum PrefixMatching {
  /// Dot-separated parts that a prefix has at most.
  private static let deepest = 3

  private struct Entry: Hashable {
    var name: String
    var shape: TensorShape
  }

  /// Gives renamed tensors the names that they have in the other models.
  static func align(_ maps: inout [AlignmentMap], of models: [ModelRecord]) {
    var order: [Set<Entry>] = []
    var groups: [Set<Entry>: [Int]] = [:]
    for (number, model) in models.enumerated() where model.adapter == nil {
      let entries = Set(maps[number].tensors.map { Entry(name: $0.name, shape: $0.shape) })
      if groups[entries] == nil { order.append(entries) }
      groups[entries, default: []].append(number)
    }
    var known: [Set<Entry>] = []
    for entries in order {
      guard let (old, new, other) = best(entries, known) else {
        known.append(entries)
        continue
      }
      for member in groups[entries] ?? [] {
        for (index, tensor) in maps[member].tensors.enumerated() where tensor.name.hasPrefix(old) {
          let renamed = new + tensor.name.dropFirst(old.count)
          if other.contains(Entry(name: renamed, shape: tensor.shape)) {
            maps[member].tensors[index] = CanonicalTensor(
              name: renamed, shape: tensor.shape, rearrangement: tensor.rearrangement)
          }
        }
      }
    }
  }

  /// The change of prefix that makes most names agree with those of a known model; nil where none makes
  /// at least half of the smaller model's agree, and twice as many as do now.
  private static func best(_ entries: Set<Entry>, _ known: [Set<Entry>]) -> (
    old: String, new: String, other: Set<Entry>
  )? {
    var best: (old: String, new: String, other: Set<Entry>)?
    var most = 0
    for other in known {
      let least = max(2 * entries.count(where: other.contains), min(entries.count, other.count) / 2, 2)
      for old in prefixes(entries) {
        let within = entries.filter { $0.name.hasPrefix(old) }
        guard within.count > max(most, least - 1) else { continue }
        for new in prefixes(other) where new != old {
          let count = within.count {
            other.contains(Entry(name: new + $0.name.dropFirst(old.count), shape: $0.shape))
          }
          if count >= least, count > most {
            most = count
            best = (old, new, other)
          }
        }
      }
    }
    return best
  }

  /// What half of the names begin with, the empty text first.
  private static func prefixes(_ entries: Set<Entry>) -> [String] {
    var counts: [String: Int] = [:]
    for entry in entries {
      let parts = entry.name.split(separator: ".", omittingEmptySubsequences: false)
      for depth in 1...deepest where depth < parts.count {
        counts[parts[..<depth].joined(separator: ".") + ".", default: 0] += 1
      }
    }
    return [""]
      + counts.filter { 2 * $0.value >= entries.count }.keys.sorted {
        ($0.utf8.count, $0) < ($1.utf8.count, $1)
      }
  }
}
