import Core
import Foundation
import Monitoring
import System

/// Statuses as coordinators have them.
enum Sample {
  static let start = Date(timeIntervalSince1970: 1_790_000_000.25)

  static var empty: PoolStatus {
    PoolStatus(software: "0.1.0", host: "head", process: 4711, started: start, updated: start, state: .planning)
  }

  /// A cluster in the middle of its work.
  static func busy(workers: Int = 12, jobs: Int = 1, share: Double = 0.42) -> PoolStatus {
    let names = jobs == 1 ? ["llama-family"] : (0..<jobs).map { "hub-\($0 / 10)/collection-\($0)" }
    let shards = jobs == 1 ? 1840 : 240
    var status = PoolStatus(
      software: "0.1.0", host: "head-01", process: 20_417, endpoint: "tcp://0.0.0.0:5555", started: start,
      updated: start + 2_580, state: .comparing, bytesPerSecond: Double(workers) * 6.8e8, secondsLeft: 3_480)
    status.jobs = names.enumerated().map { number, name in
      let part = min(1, max(0, share + (jobs == 1 ? 0 : 0.6 - 1.2 * Double(number) / Double(jobs))))
      let done = Int(Double(shards) * part)
      let held = done == shards ? 0 : min(max(1, 2 * workers / jobs), shards - done)
      let aside = number == 0 && jobs == 1 && done < shards ? 2 : 0
      var map = Array(repeating: Character("#"), count: done) + Array(repeating: "o", count: held)
      map += Array(repeating: ".", count: shards - map.count)
      // Shards do not come back in order.
      for place in stride(from: 7, to: max(8, done), by: 61) where place + 40 < shards { map.swapAt(place, place + 40) }
      for place in 0..<aside { map[30 + 400 * place] = "x" }
      return JobStatus(
        name: name, run: "/scratch/runs/\(name)", state: done == shards ? .finished : done > 0 ? .comparing : .planning,
        models: 48, shards: shards, shardsDone: map.count { $0 == "#" }, shardsLeased: map.count { $0 == "o" },
        shardsSetAside: aside, bytes: shards * 2_600_000_000, bytesDone: done * 2_600_000_000,
        map: String(map), shardsPerCell: 1, tree: tree(part))
    }
    status.workers = (0..<workers).map { number in
      let host = "node-\(String(format: "%03d", number / 2 + 1))"
      let state: WorkerStatus.State = number % 11 == 5 ? .silent : number % 11 == 8 ? .idle : .computing
      return WorkerStatus(
        name: "\(host):\(31_000 + number)", host: host, process: 31_000 + number, key: host, state: state,
        shards: state == .idle
          ? []
          : [
            .init(
              job: names[0], shard: 812 + number, tensor: "model.layers.\(number % 32).mlp.down_proj.weight",
              seconds: 3.5 + Double(number % 9)),
            .init(
              job: names[0], shard: 900 + number, tensor: "model.layers.\(number % 32).mlp.up_proj.weight", seconds: 0.5
            ),
          ],
        shardsDone: 60 + number % 13, bytesRead: 171_000_000_000 + number * 1_000_003,
        bytesPerSecond: state == .computing ? 7.1e8 + Double(number % 7) * 1e7 : 0,
        residentBytes: 1_930_000_000, memoryBytes: 2_147_483_648, threads: 8,
        secondsSinceHeard: state == .silent ? 7.5 : 0.4)
    }
    status.history = (1...200).map { point in
      let at = Double(point) * 12.9
      let wave = 0.85 + 0.1 * sin(at / 140) + 0.05 * sin(at / 37)
      let pool = point < 20 ? workers / 3 : point < 90 ? 2 * workers / 3 : workers
      return .init(seconds: at, bytesPerSecond: Double(pool) * 7.1e8 * wave, workers: pool)
    }
    status.failures = [
      .init(
        time: start + 1_210, worker: "node-003:31005", job: names[0], shard: 30,
        message: "cannot read 'model-00002-of-00004.safetensors': Input/output error"),
      .init(time: start + 2_050, worker: "node-003:31005", job: nil, shard: nil, message: "fell silent for 10 s"),
    ]
    status.missing = ["model-00001-of-00004.safetensors", "model-00002-of-00004.safetensors"].map {
      .init(host: "node-006", file: "/data/models/vicuna-7b/\($0)")
    }
    status.slowestFiles = [
      .init(file: "/data/models/vicuna-7b/model-00002-of-00004.safetensors", bytes: 9_400_000_000, seconds: 78),
      .init(file: "/data/models/alpaca-7b/model-00001-of-00003.safetensors", bytes: 8_100_000_000, seconds: 22),
    ]
    return status
  }

  private static func tree(_ share: Double) -> JobStatus.PartialTree? {
    guard share > 0.1 else { return nil }
    return .init(
      tensorsUsed: Int(share * 290), tensors: 290,
      families: [
        .init(
          isCertain: true, root: "llama-7b", models: 5,
          edges: [
            .init(parent: "llama-7b", child: "alpaca-7b", support: 1),
            .init(parent: "llama-7b", child: "vicuna-7b", support: 0.99),
            .init(parent: "vicuna-7b", child: "vicuna-7b-v1.3", support: 0.98),
            .init(parent: "vicuna-7b-v1.3", child: "longchat-7b", support: 1),
          ]),
        .init(
          isCertain: false, root: "mistral-7b", models: 3,
          edges: [
            .init(parent: "mistral-7b", child: "zephyr-7b", support: 0.91),
            .init(parent: "zephyr-7b", child: "zephyr-7b-dpo", support: 0.56),
          ]),
      ])
  }

  static let wicked = [
    "<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "quote\"back\\slash", "line\nbreak\ttab",
    "\u{1b}[31mred\u{1b}[0m", "\u{202e}rtl", "中文 模型", "", "a{b=\"c\"} 1\n# TYPE x counter",
  ]

  /// Names from files and workers that mean no good, in every place where there is a name.
  static var hostile: PoolStatus {
    var status = busy(workers: wicked.count, jobs: wicked.count)
    for (index, name) in wicked.enumerated() {
      status.jobs[index].name = name
      status.jobs[index].run = name
      status.workers[index].name = name
      status.workers[index].host = name
      status.workers[index].key = name
      status.workers[index].shards = [.init(job: name, shard: index, tensor: name, seconds: 1)]
      status.jobs[index].tree = .init(
        tensorsUsed: 1, tensors: 2,
        families: [
          .init(
            isCertain: false, root: name, models: 2,
            edges: [.init(parent: name, child: "child of \(name)", support: 0.5)])
        ])
    }
    status.host = wicked[0]
    status.endpoint = wicked[1]
    status.software = wicked[2]
    status.failures = wicked.map { .init(time: start, worker: $0, job: $0, shard: 1, message: $0) }
    status.missing = wicked.map { .init(host: $0, file: $0) }
    status.slowestFiles = wicked.map { .init(file: $0, bytes: 10, seconds: 1) }
    return status
  }
}
