internal import Alignment
internal import Checkpoints
internal import Core
internal import Naming
internal import Storage

/// Which rows of token tables and output heads are compared where models have different numbers of tokens.
///
/// Padding to a multiple and added special tokens append rows, so that the first rows still mean the same tokens. The
/// rows that all models of one architecture have are one tensor. What goes beyond is compared among the models that
/// have it when it is much; a few appended rows say nothing of descent.
struct VocabularyCuts {
  /// A tensor without its number of tokens.
  private struct Table: Hashable {
    var architecture: Int
    var tensor: CanonicalTensor
  }

  /// Fewer rows beyond the common ones are not compared, nor is a smaller share of them.
  private static let fewestRows = 128
  private static let smallestShare = 16

  /// Per model: rows of those of its tensors that are cut, by place.
  private let cuts: [[Int: [Range<Int>]]]

  init(_ models: [ModelRecord], _ alignment: [AlignmentMap]) {
    var sizes: [Table: Set<Int>] = [:]
    var found: [[(place: Int, table: Table, rows: Int)]] = []
    let architectures = Self.architectures(alignment)
    for (index, model) in models.enumerated() {
      let tables = Self.tables(model, alignment[index], architecture: architectures[index])
      for table in tables { sizes[table.table, default: []].insert(table.rows) }
      found.append(tables)
    }
    let ends = sizes.filter { $0.value.count > 1 }.mapValues { Self.ends($0) }
    cuts = found.map { tables in
      var own: [Int: [Range<Int>]] = [:]
      for (place, table, rows) in tables {
        guard let ends = ends[table]?.filter({ $0 <= rows }) else { continue }
        own[place] = zip([0] + ends, ends).map { $0..<$1 }
      }
      return own
    }
  }

  /// The parts of a tensor that are compared; nil where it is compared as a whole.
  ///
  /// - Parameters:
  ///   - place: among the model's tensors.
  func rows(ofModel model: Int, tensor place: Int) -> [Range<Int>]? { cuts[model][place] }

  /// Where the parts of a table end, for tables of several sizes.
  private static func ends(_ sizes: Set<Int>) -> [Int] {
    var ends: [Int] = []
    for size in sizes.sorted() {
      guard let last = ends.last else {
        ends.append(size)
        continue
      }
      if size - last >= max(fewestRows, last / smallestShare) { ends.append(size) }
    }
    return ends
  }

  /// Token tables, and heads with one row for each token.
  private static func tables(
    _ model: ModelRecord, _ map: AlignmentMap, architecture: Int
  ) -> [(place: Int, table: Table, rows: Int)] {
    var found: [(place: Int, table: Table, rows: Int)] = []
    var tokens: Set<Int> = []
    var heads: [(place: Int, table: Table, rows: Int)] = []
    for (place, tensor) in map.tensors.enumerated() {
      let part = tensor.networkPart
      guard part == .tokens || part == .head, let rows = tensor.shape.extents.first,
        model.tensors[place].recipe.size?.rows == rows,
        let one = TensorShape([1] + tensor.shape.extents.dropFirst())
      else { continue }
      var bare = tensor
      bare.shape = one
      let table = (place, Table(architecture: architecture, tensor: bare), rows)
      if part == .tokens {
        tokens.insert(rows)
        found.append(table)
      } else {
        heads.append(table)
      }
    }
    return found + heads.filter { tokens.contains($0.rows) }
  }

  /// A number per model: equal for models of which one has at least half of the other's linear maps.
  private static func architectures(_ alignment: [AlignmentMap]) -> [Int] {
    var distinct: [Set<CanonicalTensor>] = []
    var places: [Set<CanonicalTensor>: Int] = [:]
    var own: [Int] = []
    for (index, map) in alignment.enumerated() {
      if index > 0, map.tensors == alignment[index - 1].tensors {
        own.append(own[index - 1])
        continue
      }
      let linear = Set(map.tensors.filter { $0.role == .linear })
      let place = places[linear] ?? distinct.count
      if place == distinct.count {
        places[linear] = place
        distinct.append(linear)
      }
      own.append(place)
    }
    var first = Array(distinct.indices)
    func root(_ place: Int) -> Int {
      var place = place
      while first[place] != place { place = first[place] }
      return place
    }
    for a in distinct.indices {
      for b in distinct.indices.dropFirst(a + 1) where root(a) != root(b) {
        let (small, large) =
          distinct[a].count < distinct[b].count ? (distinct[a], distinct[b]) : (distinct[b], distinct[a])
        let shared = small.count(where: large.contains)
        if shared > 0, 2 * shared >= small.count { first[max(root(a), root(b))] = min(root(a), root(b)) }
      }
    }
    return own.map(root)
  }
}
