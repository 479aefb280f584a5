import Core
import System
import TestSeed
import Wire

/// One message of each kind, with the bytes it must always have.
enum Samples {
  static let workers: [(message: WorkerMessage, bytes: String)] = [
    (
      .hello(
        WorkerMessage.Hello(
          protocolVersion: 1, software: "0.1.0", host: "node-7", process: 4711, threads: 8,
          memoryBytes: 1 << 30, instructionSet: "avx2")),
      "\u{1}{\"host\":\"node-7\",\"instructionSet\":\"avx2\",\"memoryBytes\":1073741824,"
        + "\"process\":4711,\"protocolVersion\":1,\"software\":\"0.1.0\",\"threads\":8}"
    ),
    (.ready(credit: 3), "\u{2}3"),
    (
      .done(
        WorkerMessage.Receipt(
          run: "00ff", shard: ShardID(17), attempt: 2, bytesRead: 4096, seconds: 0.5)),
      "\u{3}{\"attempt\":2,\"bytesRead\":4096,\"run\":\"00ff\",\"seconds\":0.5,\"shard\":17}"
    ),
    (
      .failed(
        WorkerMessage.ShardFailure(
          run: "00ff", shard: ShardID(17), attempt: 3, message: "tensor \"a\": gone")),
      "\u{4}{\"attempt\":3,\"message\":\"tensor \\\"a\\\": gone\",\"run\":\"00ff\",\"shard\":17}"
    ),
    (
      .done(
        WorkerMessage.Receipt(
          run: "00ff", shard: ShardID(17), part: part, attempt: 2, bytesRead: 4096, seconds: 0.5)),
      "\u{3}{\"attempt\":2,\"bytesRead\":4096,\"part\":{\"count\":2,\"first\":4,\"pieces\":8},\"run\":\"00ff\","
        + "\"seconds\":0.5,\"shard\":17}"
    ),
    (
      .heartbeat(WorkerMessage.Heartbeat(bytesRead: 12, residentBytes: 34)),
      "\u{5}{\"bytesRead\":12,\"residentBytes\":34,\"slowest\":[]}"
    ),
    (
      .heartbeat(
        WorkerMessage.Heartbeat(
          bytesRead: 12, residentBytes: 34, slowest: [.init(file: "a", bytes: 5, seconds: 0.25)])),
      "\u{5}{\"bytesRead\":12,\"residentBytes\":34,\"slowest\":[{\"bytes\":5,\"file\":\"a\",\"seconds\":0.25}]}"
    ),
    (
      .failed(
        WorkerMessage.ShardFailure(
          run: "00ff", shard: ShardID(17), attempt: 3, message: "gone", missing: "/a")),
      "\u{4}{\"attempt\":3,\"message\":\"gone\",\"missing\":\"/a\",\"run\":\"00ff\",\"shard\":17}"
    ),
    (.goodbye, "\u{6}"), (.ask, "\u{7}"),
  ]

  static let part = ShardPart(pieces: 8, first: 4, count: 2)
  static let shape = TensorShape([64, 32])

  static var coordinators: [(message: CoordinatorMessage, bytes: String)] {
    guard let shape else { return [] }
    return [
      (
        .open(CoordinatorMessage.Run(run: "00ff", stores: ["a.h5", "b.h5"])),
        "\u{7}{\"run\":\"00ff\",\"stores\":[\"a.h5\",\"b.h5\"]}"
      ),
      (.close(run: "00ff"), "\u{8}\"00ff\""), (.status("{}"), "\u{9}\"{}\""),
      (
        .revoke(AssignmentID(run: "00ff", shard: ShardID(3), attempt: 2)),
        "\u{a}{\"attempt\":2,\"run\":\"00ff\",\"shard\":3}"
      ),
      (
        .revoke(AssignmentID(run: "00ff", shard: ShardID(3), part: part, attempt: 2)),
        "\u{a}{\"attempt\":2,\"part\":{\"count\":2,\"first\":4,\"pieces\":8},\"run\":\"00ff\",\"shard\":3}"
      ),
      (
        .assign(
          CoordinatorMessage.Assignment(
            run: "00ff", shard: ShardID(5), attempt: 1, shape: shape, coordinates: 0..<2048, statistics: [], part: part,
            sources: [CoordinatorMessage.Assignment.Source(tensor: "w", models: [0, 2])])),
        "\u{3}{\"attempt\":1,\"end\":2048,\"firstRow\":0,\"part\":{\"count\":2,\"first\":4,\"pieces\":8},\"run\":\"00ff\","
          + "\"samples\":0,\"shape\":[64,32],\"shard\":5,\"sources\":[{\"models\":[0,2],\"tensor\":\"w\"}],\"spectrum\":0,"
          + "\"start\":0,\"statistics\":0}"
      ),
      (.welcome, "\u{1}"),
      (.reject(reason: "an older program"), "\u{2}\"an older program\""),
      (
        .assign(
          CoordinatorMessage.Assignment(
            run: "00ff", shard: ShardID(5), attempt: 1, shape: shape, firstRow: 8, coordinates: 32..<640,
            statistics: [.l1, .shrinkage], samples: 2, spectrum: 96,
            sources: [CoordinatorMessage.Assignment.Source(tensor: "w", models: [0, 2])])),
        "\u{3}{\"attempt\":1,\"end\":640,\"firstRow\":8,\"run\":\"00ff\",\"samples\":2,\"shape\":[64,32],\"shard\":5,"
          + "\"sources\":[{\"models\":[0,2],\"tensor\":\"w\"}],\"spectrum\":96,\"start\":32,"
          + "\"statistics\":5}"
      ),
      (.finished, "\u{4}"), (.whoAreYou, "\u{5}"), (.alive, "\u{6}"),
    ]
  }

  static let statistics: [Statistics] = (UInt8(0)..<16).map { Statistics(rawValue: $0) }

  /// A partial of any numbers, the odd ones among them.
  static func partial(
    models: Int, _ statistics: Statistics, samples: [SampleShape] = [], _ random: inout Seeded
  ) -> Partial {
    let odd: [Double] = [
      .nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
    ]
    func number(_ random: inout Seeded) -> Double {
      Bool.random(using: &random) ? random.normal() : odd[Int.random(in: 0..<odd.count, using: &random)]
    }
    var partial = Partial(PartialSchema(models: models, statistics: statistics, samples: samples))
    for p in partial.l2.indices { partial.l2[p] = number(&random) }
    for p in partial.l1.indices { partial.l1[p] = number(&random) }
    for p in partial.max.indices { partial.max[p] = number(&random) }
    for p in partial.collinearRows.indices { partial.collinearRows[p] = number(&random) }
    for p in partial.logShrinkage.indices { partial.logShrinkage[p] = number(&random) }
    for p in partial.bands.indices { partial.bands[p] = number(&random) }
    for block in partial.samples.indices {
      for p in partial.samples[block].values.indices {
        partial.samples[block].values[p] = Float(number(&random))
      }
    }
    for i in partial.moments.indices {
      partial.moments[i] = Moments(
        count: number(&random), mean: number(&random), m2: number(&random), m3: number(&random),
        m4: number(&random), minimum: number(&random), maximum: number(&random),
        zeros: random.next(), notFinite: random.next())
    }
    return partial
  }

  /// Everything in a partial as bits, so that NaN equals NaN.
  static func bits(_ partial: Partial) -> [[UInt64]] {
    let arrays = [
      partial.l2, partial.l1, partial.max, partial.collinearRows, partial.logShrinkage, partial.bands,
    ]
    let moments = partial.moments.map { m in
      [m.count, m.mean, m.m2, m.m3, m.m4, m.minimum, m.maximum].map(\.bitPattern)
        + [m.zeros, m.notFinite]
    }
    let samples = partial.samples.map { $0.values.map { UInt64($0.bitPattern) } }
    return arrays.map { $0.map(\.bitPattern) } + moments + samples
  }
}
