internal import System

/// Puts the files of a folder together to sets of weights: what an index lists, parts that are complete without one,
/// and single files.
enum WeightSets {
  /// - Parameter names: of files of the folder that may hold weights, and of indices; in alphabetical order.
  static func find(in folder: String, _ names: [String]) -> [WeightSet] {
    var parts: [String: [(name: String, part: PartName)]] = [:]
    for name in names {
      guard let part = PartName(name) else { continue }
      parts["\(part.stem)/\(part.count)/\(part.ending)", default: []].append((name, part))
    }
    var groups = parts.values.map { set(of: $0) }
    var sets: [WeightSet] = []
    var taken: Set<String> = []
    for name in names {
      guard let (stem, ending) = WeightIndex.parts(name) else { continue }
      let set = listed(by: name, stem, ending, in: folder, names, groups)
      taken.formUnion(set.names)
      groups.removeAll { $0.stem == set.stem && $0.ending == set.ending || !taken.isDisjoint(with: $0.names) }
      // Parts of the same name that the index does not list are remains of another upload.
      for name in names where PartName(name).map({ $0.stem == stem && $0.ending == ending }) ?? false {
        taken.insert(name)
      }
      sets.append(set)
    }
    for group in groups {
      taken.formUnion(group.names)
      sets.append(group)
    }
    for name in names where !taken.contains(name) && PartName(name) == nil && WeightIndex.parts(name) == nil {
      var set = WeightSet(stem: WeightNames.stem(name), ending: WeightNames.ending(of: name) ?? "", names: [name])
      if set.stem == "consolidated.00", names.contains("consolidated.01.\(set.ending)") {
        set.defect = .badInput(
          "holds '\(name)' and others that have a part of every tensor each, which is not read",
          advice: "give the model in the form of Hugging Face")
      }
      sets.append(set)
    }
    return sets.sorted { ($0.names.first ?? $0.stem, $0.ending) < ($1.names.first ?? $1.stem, $1.ending) }
  }

  /// Parts without an index.
  private static func set(of parts: [(name: String, part: PartName)]) -> WeightSet {
    let parts = parts.sorted { $0.part.number < $1.part.number }
    let first = parts[0].part
    var set = WeightSet(stem: first.stem, ending: first.ending, names: parts.map(\.name), isSharded: true)
    let start = first.number == 0 ? 0 : 1
    let numbers = Set(parts.map(\.part.number))
    let missing = (start..<start + first.count).filter { !numbers.contains($0) }
    if !missing.isEmpty || parts.count != first.count {
      set.defect = .badInput(
        "holds '\(parts[0].name.printable)' and in all \(parts.count) of \(first.count) parts, and no index of them: part \(missing.first ?? first.count) is missing",
        advice: "download the missing part")
    }
    return set
  }

  private static func listed(
    by name: String, _ stem: String, _ ending: String, in folder: String, _ names: [String], _ groups: [WeightSet]
  ) -> WeightSet {
    var set = WeightSet(stem: stem, ending: ending, names: [], isSharded: true)
    /// Complete parts are worth more than an index that does not fit.
    func instead(of problem: Failure) -> WeightSet {
      let complete = groups.filter { $0.defect == nil && $0.ending == ending }
      guard var group = complete.first(where: { $0.stem == stem }) ?? (complete.count == 1 ? complete.first : nil)
      else {
        set.defect = problem
        return set
      }
      group.stem = stem
      group.notes = ["its index is not used, though its \(group.names.count) parts are complete: \(problem.message)"]
      return group
    }
    let index: WeightIndex
    do throws(Failure) {
      guard let read = try WeightIndex(name, in: folder) else { return set }
      index = read
    } catch {
      // An index that points elsewhere is no accident.
      guard !error.message.contains("points outside") else {
        set.defect = error
        return set
      }
      return instead(of: error)
    }
    if let missing = index.tensors.keys.sorted().first(where: { !names.contains($0) }) {
      return instead(
        of: .badInput(
          "'\(folder.printable)' lacks '\(missing.printable)', which its index names for \(index.tensors[missing]?.count ?? 0) tensors",
          advice: "download the missing part"))
    }
    set.names = index.tensors.keys.sorted()
    set.tensors = index.tensors
    return set
  }
}
