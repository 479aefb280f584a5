import Core
import System
import TestSeed
import Testing
import Wire

/// Bytes from anywhere never crash a decoder, nor make it take more than they are.
@Suite struct FuzzTests {
  /// A good message with a few bytes changed, moved, cut or doubled.
  private func mangled(_ bytes: [UInt8], _ random: inout Seeded) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      guard let place = bytes.indices.randomElement(using: &random) else { break }
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.remove(at: place)
      case 3: bytes = Array(bytes[..<place])
      case 4: bytes.insert(contentsOf: bytes[place...], at: place)
      default:
        let words = ["[", "{", "\"", "9999999999999999999", "-1", "1e999", "null", "\\u0000", "\u{202e}", "0.5"]
        bytes.insert(contentsOf: Array((words.randomElement(using: &random) ?? "").utf8), at: place)
      }
    }
    return bytes
  }

  @Test func messagesOfAnyBytesAreDecodedOrRefused() {
    var random = Seeded.fresh()
    let good = Samples.workers.map { Array($0.bytes.utf8) } + Samples.coordinators.map { Array($0.bytes.utf8) }
    var decoded = 0
    for round in 0..<20_000 {
      let bytes =
        round % 4 == 0
        ? (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        : mangled(good[round % good.count], &random)
      if (try? WorkerMessage(decoding: bytes)) != nil { decoded += 1 }
      if let message = try? CoordinatorMessage(decoding: bytes) {
        decoded += 1
        if case .assign(let assignment) = message { #expect(assignment.shape.elements >= 0) }
      }
    }
    // Else nothing but the first check was tried.
    #expect(decoded > 1000, "seed \(random.seed)")
  }

  @Test func deepJSONIsRefused() {
    for open in ["[", "{\"a\":"] {
      let body = Array(String(repeating: open, count: 15_000).utf8)
      for tag in UInt8(1)...6 where tag != 6 {
        #expect(throws: WireError.self) { try WorkerMessage(decoding: [tag] + body) }
      }
      for tag in [UInt8(2), 3, 7, 8, 9] {
        #expect(throws: WireError.self) { try CoordinatorMessage(decoding: [tag] + body) }
      }
    }
  }

  @Test func partialsOfAnyBytesAreRefused() {
    var random = Seeded.fresh()
    let shapes = [SampleShape(rows: 3, columns: 2)]
    var partial = Samples.partial(models: 4, [.l1, .shrinkage], &random)
    partial.samples = [SampleBlock(shape: shapes[0], models: 4)]
    let good = PartialCodec.encode(partial)
    for _ in 0..<5000 {
      let bytes = mangled(good, &random)
      guard bytes != good else { continue }
      #expect(throws: WireError.self, "seed \(random.seed)") {
        try PartialCodec.decode(bytes, as: .init(models: 4, statistics: [.l1, .shrinkage], samples: shapes))
      }
    }
  }
}

/// Sums that no honest computation yields are told from odd but honest ones.
@Suite struct PartialCheckTests {
  private func partial(_ change: (inout Partial) -> Void = { _ in }) -> Partial {
    var partial = Partial(
      PartialSchema(models: 2, statistics: [.l1, .max, .shrinkage], samples: [SampleShape(rows: 1, columns: 2)]))
    for i in 0..<2 {
      partial.moments[i] = Moments(
        count: 8, mean: 0, m2: 1, m3: 0, m4: 1, minimum: -1, maximum: 1, zeros: 1, notFinite: 0)
    }
    change(&partial)
    return partial
  }

  private func fault(_ change: (inout Partial) -> Void = { _ in }) -> String? {
    let partial = partial(change)
    return PartialCodec.impossibility(
      in: PartialCodec.encode(partial), as: partial.schema, coordinates: 8, columns: 4)
  }

  @Test func honestSumsPass() {
    #expect(fault() == nil)
    // Squares of large weights overflow.
    #expect(fault { $0.l2[0] = .infinity } == nil)
    // Where weights are NaN, so is what comes of them.
    #expect(
      fault {
        $0.moments[1].notFinite = 1
        ($0.l2[0], $0.l1[0], $0.max[0], $0.moments[1].minimum) = (.nan, .nan, .nan, .nan)
        $0.samples[0].values[3] = .nan
      } == nil)
  }

  @Test func whatCannotBeIsNamed() {
    #expect(fault { $0.l2[0] = .nan }?.contains("squared distance of nan") == true)
    #expect(fault { $0.l2[0] = -1 }?.contains("squared distance of -1") == true)
    #expect(fault { $0.l1[0] = .nan }?.contains("distance of nan") == true)
    #expect(fault { $0.max[0] = -0.5 }?.contains("largest difference of -0.5") == true)
    #expect(fault { $0.moments[0].count = 7 }?.contains("7.0 weights") == true)
    #expect(fault { $0.moments[0].zeros = 9 }?.contains("9 zeros") == true)
    #expect(fault { $0.moments[0].notFinite = 8 }?.contains("8 NaN") == true)
    #expect(fault { $0.moments[0].minimum = 2 }?.contains("smallest weight of 2.0") == true)
    #expect(fault { $0.collinearRows[0] = 9 }?.contains("9.0 collinear rows") == true)
    #expect(fault { $0.logShrinkage[0] = .nan }?.contains("shrinkage of nan") == true)
    #expect(fault { $0.samples[0].values[1] = .nan }?.contains("sample of model 0") == true)
    #expect(fault { $0.samples[0].values[2] = -.infinity }?.contains("-inf in a sample of model 1") == true)
  }

  /// Whole vectors and what is left of them, written whole and by halves.
  @Test(arguments: [Float(0.25), 0.1])
  func anOddWeightIsFoundWhereverItIs(_ weight: Float) {
    let shape = SampleShape(rows: 7, columns: 11)
    for place in 0..<2 * shape.count {
      let found = fault {
        $0.samples = [SampleBlock(shape: shape, values: Array(repeating: weight, count: 2 * shape.count))]
        $0.samples[0].values[place] = place % 2 == 0 ? .infinity : .nan
      }
      #expect(found?.contains("sample of model \(place / shape.count)") == true, "\(place)")
    }
  }
}
