import Core
import Foundation
import Monitoring
import System
import TestPrograms
import TestSupport
import Testing

struct MetricsTests {
  /// Series and their values, read by the grammar of the format: labels may hold anything.
  private func series(_ text: String) -> [String: Double] {
    var found: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " ") else { continue }
      let name = String(line[..<space])
      #expect(found[name] == nil, "twice: \(name)")
      found[name] = Double(line[line.index(after: space)...])
    }
    return found
  }

  @Test func sayWhatTheStatusSays() throws {
    let status = Sample.busy()
    let found = series(Metrics.render(status, loopAge: 0.5))
    #expect(found["modeltree_shards{job=\"llama-family\"}"] == 1840)
    #expect(found["modeltree_shards_done{job=\"llama-family\"}"] == Double(status.jobs[0].shardsDone))
    #expect(found["modeltree_shards_set_aside{job=\"llama-family\"}"] == 2)
    #expect(found["modeltree_read_bytes_total"] == Double(status.jobs[0].bytesDone))
    #expect(found["modeltree_state{state=\"comparing\"}"] == 1 && found["modeltree_state{state=\"finished\"}"] == 0)
    let states = WorkerStatus.State.allCases.map { found["modeltree_workers{state=\"\($0.rawValue)\"}"] ?? -1 }
    #expect(
      states.reduce(0, +) == 12
        && states == WorkerStatus.State.allCases.map { state in Double(status.workers.count { $0.state == state }) })
    #expect(found["modeltree_worker_resident_bytes{worker=\"node-001:31000\",host=\"node-001\"}"] == 1_930_000_000)
    #expect(found["modeltree_loop_age_seconds"] == 0.5)
    #expect(found["modeltree_missing_files"] == 2 && found["modeltree_hosts_with_missing_files"] == 1)
    #expect(found["modeltree_build_info{version=\"0.1.0\"}"] == 1)
  }

  /// Whatever the board of deploy/grafana asks for is there.
  @Test func theBoardAsksForSeriesThatExist() throws {
    let board = try String(contentsOfFile: "\(Program.root)/deploy/grafana/modeltree.json", encoding: .utf8)
    let text = Metrics.render(Sample.busy(), loopAge: 0)
    let asked = Set(board.matches(of: #/modeltree_[a-z_]+/#).map { String($0.output) })
    #expect(asked.count > 10)
    for name in asked { #expect(text.contains("# TYPE \(name) "), "\(name)") }
  }

  @Test func growWithWorkersAndJobsAlone() {
    var status = Sample.busy(workers: 3, jobs: 2)
    let before = series(Metrics.render(status, loopAge: 0)).count
    status.failures = (0..<500).map { (number: Int) in
      .init(time: Sample.start, worker: "w\(number)", job: "j\(number)", shard: number, message: "m\(number)")
    }
    status.missing = (0..<500).map { .init(host: "h\($0)", file: "f\($0)") }
    status.slowestFiles = (0..<500).map { .init(file: "f\($0)", bytes: 1, seconds: 1) }
    status.workers[0].shards = (0..<500).map { .init(job: "j", shard: $0, tensor: "t\($0)", seconds: 0) }
    #expect(series(Metrics.render(status, loopAge: 0)).count == before)
  }

  @Test func sameNamesBecomeDifferentSeries() {
    var status = Sample.busy(workers: 4)
    for index in status.workers.indices {
      status.workers[index].name = index == 3 ? "x (2)" : "x"
      status.workers[index].host = "h"
    }
    #expect(
      series(Metrics.render(status, loopAge: 0)).keys.count { $0.hasPrefix("modeltree_worker_shards_held{") } == 4)
  }

  @Test(
    .enabled(if: Promtool.path != nil, Comment(rawValue: Promtool.missing)),
    arguments: [nil, Sample.empty, Sample.busy(), Sample.busy(workers: 1000, jobs: 100), Sample.hostile])
  func pleasePrometheus(_ status: PoolStatus?) throws {
    let verdict = try Promtool.check(Metrics.render(status, loopAge: 1.25))
    #expect(verdict.status == 0 && verdict.text.isEmpty, "\(verdict.text)")
  }

  @Test(.enabled(if: Promtool.path != nil, Comment(rawValue: Promtool.missing)))
  func prometheusWouldComplain() throws {
    let twice = "# HELP a_total A.\n# TYPE a_total counter\na_total{b=\"c\"} 1\na_total{b=\"c\"} 1\nb c\n"
    #expect(try Promtool.check(twice).status != 0)
  }
}

/// Prometheus' own opinion.
enum Promtool {
  static let missing = "no promtool here to check metrics with: scripts/setup --python fetches it on Debian"

  static var path: String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return (folders + ["\(Oracle.repositoryRoot)/.venv/bin"]).map { "\($0)/promtool" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  static func check(_ metrics: String) throws -> (status: Int32, text: String) {
    let output = try Program.run(try #require(path), ["check", "metrics"], input: metrics)
    return (output.status, output.stdout + output.stderr)
  }
}
