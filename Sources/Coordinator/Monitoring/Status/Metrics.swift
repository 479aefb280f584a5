internal import Foundation
internal import System

/// A status in Prometheus' text format, version 0.0.4.
///
/// One series per job, per worker, and per state of these: nothing grows with shards, files or time.
package enum Metrics {
  private enum Kind: String { case counter, gauge }

  private struct Family {
    var name: String
    var kind: Kind
    var help: String
    var samples: [(labels: [(name: String, value: String)], value: Double)]
  }

  /// - Parameters:
  ///   - status: nil before there is one.
  ///   - loopAge: seconds since the coordinator's loop turned.
  package static func render(_ status: PoolStatus?, loopAge: Double) -> String {
    var families = [
      Family(
        name: "loop_age_seconds", kind: .gauge,
        help: "Time since the coordinator's loop last turned; more than some seconds means that it hangs.",
        samples: [([], loopAge)])
    ]
    if let status { families += pool(status) + jobs(status.jobs) + workers(status.workers) }
    return families.filter { !$0.samples.isEmpty }.map(text).joined()
  }

  private static func pool(_ status: PoolStatus) -> [Family] {
    func one(_ name: String, as kind: Kind = .gauge, _ help: String, _ value: Double?) -> Family {
      Family(name: name, kind: kind, help: help, samples: value.map { [([], $0)] } ?? [])
    }
    return [
      Family(
        name: "build_info", kind: .gauge, help: "Which program this is; always 1.",
        samples: [([("version", status.software)], 1)]),
      one(
        "start_time_seconds", "When the coordinator began, in seconds since 1970.",
        status.started.timeIntervalSince1970),
      one(
        "status_time_seconds", "When these numbers were taken, in seconds since 1970.",
        status.updated.timeIntervalSince1970),
      Family(
        name: "state", kind: .gauge, help: "What the coordinator is at: 1 for its state, 0 for the others.",
        samples: PoolStatus.State.allCases.map { ([("state", $0.rawValue)], status.state == $0 ? 1 : 0) }),
      one(
        "read_bytes_total", as: .counter,
        "Bytes of weights in finished shards of all jobs, those of earlier sessions included.",
        Double(status.jobs.map(\.bytesDone).clampedSum())),
      one("read_bytes_per_second", "Weights read by all workers, over the last half minute.", status.bytesPerSecond),
      one(
        "remaining_seconds", "Until the last shard that is known, at this rate; absent when nothing is read.",
        status.secondsLeft),
      Family(
        name: "workers", kind: .gauge, help: "Workers by what they are at.",
        samples: WorkerStatus.State.allCases.map { state in
          ([("state", state.rawValue)], Double(status.workers.count { $0.state == state }))
        }),
      one(
        "recent_failures", "Failures of shards and workers that are still remembered.",
        Double(status.failures.count)),
      one("missing_files", "Pairs of a host and a file that it cannot open.", Double(status.missing.count)),
      one(
        "hosts_with_missing_files", "Hosts that cannot open some file.", Double(Set(status.missing.map(\.host)).count)),
    ]
  }

  private static func jobs(_ jobs: [JobStatus]) -> [Family] {
    let names = distinct(jobs.map(\.name))
    func each(_ name: String, as kind: Kind = .gauge, _ help: String, _ value: (JobStatus) -> Int) -> Family {
      Family(
        name: name, kind: kind, help: help, samples: zip(names, jobs).map { ([("job", $0)], Double(value($1))) })
    }
    return [
      Family(
        name: "job_state", kind: .gauge, help: "What a job is at: 1 for its state, 0 for the others.",
        samples: zip(names, jobs).flatMap { name, job in
          PoolStatus.State.allCases.map { ([("job", name), ("state", $0.rawValue)], job.state == $0 ? 1 : 0) }
        }),
      each("job_failed", "1 for a job that an error ended, else 0.") { $0.failure == nil ? 0 : 1 },
      each("models", "Models of a job.", \.models),
      each("shards", "Shards of a job's plan.", \.shards),
      each("shards_done", "Shards whose sums are in the journal.", \.shardsDone),
      each("shards_leased", "Shards that some worker holds.", \.shardsLeased),
      each("shards_set_aside", "Shards that failed too often.", \.shardsSetAside),
      each("weight_bytes", "Bytes of weights that a job's plan reads.", \.bytes),
      each("weight_bytes_done", "Bytes of weights in finished shards.", \.bytesDone),
    ]
  }

  private static func workers(_ workers: [WorkerStatus]) -> [Family] {
    let names = distinct(workers.map(\.name))
    func each(_ name: String, as kind: Kind = .gauge, _ help: String, _ value: (WorkerStatus) -> Double) -> Family {
      Family(
        name: name, kind: kind, help: help,
        samples: zip(names, workers).map { ([("worker", $0), ("host", $1.host)], value($1)) })
    }
    return [
      each("worker_read_bytes_total", as: .counter, "Bytes of weights that a worker has read.") {
        Double($0.bytesRead)
      },
      each("worker_shards_done_total", as: .counter, "Shards that a worker has finished.") { Double($0.shardsDone) },
      each("worker_read_bytes_per_second", "Weights that a worker reads, over the last half minute.", \.bytesPerSecond),
      each("worker_shards_held", "Shards that a worker holds.") { Double($0.shards.count) },
      each("worker_resident_bytes", "Memory that a worker's process takes.") { Double($0.residentBytes) },
      each("worker_memory_limit_bytes", "Memory that a worker was given for weights and sums.") {
        Double($0.memoryBytes)
      },
      each("worker_silence_seconds", "Time since a worker was last heard of.", \.secondsSinceHeard),
    ]
  }

  /// Series with equal labels would make the whole answer void; names of workers come from workers.
  private static func distinct(_ names: [String]) -> [String] {
    var seen: [String: Int] = [:]
    var taken = Set(names)
    return names.map { name in
      let count = (seen[name] ?? 0) + 1
      seen[name] = count
      guard count > 1 else { return name }
      var number = count
      while !taken.insert("\(name) (\(number))").inserted { number += 1 }
      return "\(name) (\(number))"
    }
  }

  private static func text(_ family: Family) -> String {
    let name = "modeltree_\(family.name)"
    var text = "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind.rawValue)\n"
    for sample in family.samples {
      text += name
      if !sample.labels.isEmpty {
        text += "{" + sample.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
      }
      text += " \(number(sample.value))\n"
    }
    return text
  }

  private static func escaped(_ value: String) -> String {
    var text = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if value == value.rounded(), abs(value) < 1e15 { return "\(Int(value))" }
    return "\(value)"
  }
}
