internal import Foundation

/// Gives models ids: the folder or file name, with as many folders in front as it takes to be unique.
enum ModelNames {
  /// - Parameter paths: of different models, in order.
  static func ids(of paths: [String]) -> [String] {
    let all = paths.map { Names($0) }
    // Revisions of one repository are told apart by their commits.
    var revisions: [String: Set<String>] = [:]
    for names in all {
      guard let cache = names.cache else { continue }
      revisions[cache.repository, default: []].insert(cache.revision)
    }
    let names = all.map {
      $0.components(withRevision: ($0.cache.map { revisions[$0.repository]?.count ?? 1 } ?? 1) > 1)
    }
    var parts = all.map { $0.isGeneric ? 2 : 1 }
    while true {
      let ids = names.indices.map { names[$0].suffix(parts[$0]).joined(separator: "/") }
      let clashes = Dictionary(grouping: ids.indices) { ids[$0] }.values.filter { $0.count > 1 }
      // Folders in front cannot tell apart what has the same ones all the way.
      let movable = clashes.flatMap { clash in
        clash.filter { parts[$0] < names[$0].count && Set(clash.map { names[$0] }).count > 1 }
      }
      guard !movable.isEmpty else { return withEndings(ids, clashes, paths) }
      for index in movable { parts[index] += 1 }
    }
  }

  /// Different forms of one name, as `a.h5` beside `a.safetensors`, keep their endings.
  private static func withEndings(_ ids: [String], _ clashes: [[Int]], _ paths: [String]) -> [String] {
    var ids = ids
    for clash in clashes {
      let files = clash.map { URL(fileURLWithPath: paths[$0]).lastPathComponent }
      for (place, index) in clash.enumerated() {
        if Set(files).count == clash.count {
          ids[index] = (ids[index].split(separator: "/").dropLast().map(String.init) + [files[place]]).joined(
            separator: "/")
        } else {
          ids[index] += "@\(index)"
        }
      }
    }
    return ids
  }

  /// The components of a path, the model's own name last.
  private struct Names {
    var names: [String]
    let cache: HubCache?
    /// Is the last one what many models' files are called?
    let isGeneric: Bool

    init(_ path: String) {
      let url = URL(fileURLWithPath: path).standardizedFileURL
      names = url.pathComponents.filter { $0 != "/" }
      var isGeneric = false
      if let last = names.last, WeightNames.isReadable(last) {
        let stem = WeightNames.stem(last)
        if !stem.isEmpty {
          names[names.count - 1] = stem
          isGeneric = WeightNames.adapterNames.contains(stem) && names.count > 1
        }
      }
      self.isGeneric = isGeneric
      cache = HubCache(names)
    }

    func components(withRevision: Bool) -> [String] {
      guard let cache else { return names.isEmpty ? ["model"] : names }
      return cache.above + [withRevision ? "\(cache.repository)@\(cache.revision.prefix(7))" : cache.repository]
        + cache.below
    }
  }
}
