internal import Dispatch
internal import Fingerprints
internal import Synchronization
internal import System

/// Finds the models of a registry that may have to do with another one, by the rows of its index alone.
struct RegistrySearch {
  /// A model that is worth reading.
  struct Candidate: Sendable {
    var place: Segment.Place
    /// Mean over the cells that both have of the squared angle; infinite where there is none.
    var apart: Double
    /// The largest cosine of a cell.
    var likeness: Double
    /// Do the models hold the same weights, or some tensor with the same ones?
    var isCopy: Bool
    var sharesContent: Bool
  }

  struct Findings: Sendable {
    /// The nearest first.
    var candidates: [Candidate] = []
    /// Rows that were compared, and those of them with some cell in common.
    var searched = 0
    var comparable = 0
    var damaged: [Failure] = []
  }

  private let cellKeys: [UInt64]
  private let weights: [Float]
  private let energies: [Float]
  private let contents: Set<UInt64>
  private let identity: SIMD2<UInt64>

  /// Candidates by nearness, by one cell alone and by equal tensors.
  private static let nearest = 256
  private static let others = 64
  /// Cosine of a cell above which it may be the same part. Of two strangers one in a hundred thousand is above it.
  private static let likeness = 0.6

  init(_ fingerprint: ModelFingerprint) {
    let entry = RegistryEntry(id: "", identity: fingerprint.identity, path: "", added: "", sources: [])
    let row = IndexRow(
      offset: 0, head: RegistryRecord.Head(entryBytes: 0, fingerprintBytes: 0), entry, fingerprint)
    cellKeys = row.cellKeys
    weights = row.weights
    energies = (0..<IndexRow.cells).map { cell in
      row.weights[cell * IndexRow.cellWeights..<(cell + 1) * IndexRow.cellWeights].reduce(0) { $0 + $1 * $1 }
    }
    contents = Set(row.contents).subtracting([.max])
    identity = row.identity
  }

  func run(_ folder: RegistryFolder) throws(Failure) -> Findings {
    let segments = try folder.segments()
    let found = Mutex<[Int: Result<Findings, Failure>]>([:])
    DispatchQueue.concurrentPerform(iterations: segments.count) { place in
      let result: Result<Findings, Failure>
      do throws(Failure) {
        result = .success(try search(folder, segments[place]))
      } catch {
        result = .failure(error)
      }
      found.withLock { $0[place] = result }
    }
    var all = Findings()
    for (_, result) in found.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
      // A segment that cannot be read is said, and the others are searched.
      switch result {
      case .success(let part):
        all.candidates += part.candidates
        all.searched += part.searched
        all.comparable += part.comparable
        all.damaged += part.damaged
      case .failure(let failure): all.damaged.append(failure)
      }
    }
    all.candidates = Self.best(all.candidates)
    return all
  }

  private func search(_ folder: RegistryFolder, _ number: Int) throws(Failure) -> Findings {
    var findings = Findings()
    var damaged: [Failure] = []
    let (_, end) = try SegmentIndex(folder, number).eachRow(damaged: { damaged.append($0) }) { place, row in
      findings.searched += 1
      guard let candidate = compare(place, row) else { return }
      findings.comparable += 1
      findings.candidates.append(candidate)
      if findings.candidates.count > 8 * Self.nearest { findings.candidates = Self.best(findings.candidates) }
    }
    if case .damaged(let offset) = end, let segment = try Segment(folder, number) {
      damaged.append(RegistryReader.noRecord(segment, offset))
    }
    findings.damaged = damaged
    findings.candidates = Self.best(findings.candidates)
    return findings
  }

  /// - Returns: nil where the two have nothing in common that could be compared.
  private func compare(_ place: Segment.Place, _ row: UnsafeRawBufferPointer) -> Candidate? {
    var candidate = Candidate(
      place: place, apart: .infinity, likeness: 0,
      isCopy: identity.x == IndexRow.word(row, IndexRow.identityOffset)
        && identity.y == IndexRow.word(row, IndexRow.identityOffset + 8), sharesContent: false)
    if !contents.isEmpty {
      for k in 0..<IndexRow.contents where contents.contains(IndexRow.word(row, IndexRow.contentsOffset + 8 * k)) {
        candidate.sharesContent = true
        break
      }
    }
    var (sum, count) = (0.0, 0)
    for own in 0..<IndexRow.cells where cellKeys[own] != 0 && energies[own] > 0 {
      for other in 0..<IndexRow.cells
      where IndexRow.word(row, IndexRow.cellKeysOffset + 8 * other) == cellKeys[own] {
        guard let angle = squaredAngle(own, row, other) else { continue }
        sum += angle
        count += 1
        candidate.likeness = max(candidate.likeness, 1 - angle / 2)
      }
    }
    guard count > 0 || candidate.sharesContent || candidate.isCopy else { return nil }
    if count > 0 { candidate.apart = sum / Double(count) }
    return candidate
  }

  /// (|x - y|^2 - (|x| - |y|)^2) / (|x| |y|) of two cells; nil where one is zero.
  private func squaredAngle(_ own: Int, _ row: UnsafeRawBufferPointer, _ other: Int) -> Double? {
    var (apart, energy) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
    let start = IndexRow.weightsOffset + 4 * other * IndexRow.cellWeights
    weights.withUnsafeBytes { weights in
      for k in stride(from: 0, to: IndexRow.cellWeights, by: 8) {
        let y = row.loadUnaligned(fromByteOffset: start + 4 * k, as: SIMD8<Float>.self)
        let x = weights.loadUnaligned(
          fromByteOffset: 4 * (own * IndexRow.cellWeights + k), as: SIMD8<Float>.self)
        apart += (x - y) * (x - y)
        energy += y * y
      }
    }
    let (first, second) = (Double(energies[own]), Double(energy.sum()))
    guard second > 0, second.isFinite else { return nil }
    let longer = first.squareRoot() - second.squareRoot()
    return max(0, Double(apart.sum()) - longer * longer) / (first * second).squareRoot()
  }

  /// Those that are worth reading, each once.
  private static func best(_ all: [Candidate]) -> [Candidate] {
    func isBefore(_ a: Candidate, _ b: Candidate) -> Bool {
      (a.apart, a.place.segment, a.place.offset) < (b.apart, b.place.segment, b.place.offset)
    }
    let sorted = all.sorted(by: isBefore)
    var chosen = Array(sorted.filter(\.isCopy).prefix(others))
    chosen += sorted.filter { $0.apart.isFinite }.prefix(nearest)
    chosen += sorted.filter { $0.likeness > likeness }.sorted { $0.likeness > $1.likeness }.prefix(others)
    chosen += sorted.filter(\.sharesContent).prefix(others)
    var seen: Set<Segment.Place> = []
    return chosen.filter { seen.insert($0.place).inserted }.sorted(by: isBefore)
  }
}
