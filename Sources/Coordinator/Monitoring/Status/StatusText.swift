internal import Core
internal import Foundation
internal import System

/// A status for the terminal: aligned columns, nothing drawn that a pipe would not take.
package struct StatusText: Sendable {
  /// Columns of the terminal; nil for as many as it takes.
  package var columns: Int?
  /// Workers that are listed; nil for all.
  package var workers: Int? = 20

  package init(columns: Int? = nil, workers: Int? = 20) {
    self.columns = columns
    self.workers = workers
  }

  private static let jobs = 20
  private static let hosts = 10
  private static let failures = 5
  private static let files = 3

  package func render(_ status: PoolStatus) -> String {
    var parts = [head(status)]
    if status.jobs.count > 1 { parts.append(jobTable(status)) }
    parts.append(failedJobs(status))
    parts.append(workerTable(status))
    parts.append(missing(status))
    parts.append(failures(status))
    parts.append(slowest(status))
    return parts.filter { !$0.isEmpty }.map { part in
      part.map { fitted($0) + "\n" }.joined()
    }.joined(separator: "\n")
  }

  /// One line for logs and pipes.
  package static func line(_ status: PoolStatus) -> String {
    let totals = Totals(status)
    var parts = ["\(status.state.rawValue)", "shards \(totals.done)/\(totals.shards) (\(totals.percent) %)"]
    if status.bytesPerSecond > 0 { parts.append("\(ByteCount(bytes: Int(clamping: status.bytesPerSecond)))/s") }
    if status.state == .comparing, let left = status.secondsLeft { parts.append("ETA \(TimeText.duration(left))") }
    let count = status.workers.count
    parts.append(count == 1 ? "1 worker" : "\(count) workers")
    if !status.missing.isEmpty { parts.append("\(status.missing.count) files cannot be opened by some host") }
    let failed = status.jobs.count { $0.failure != nil }
    if failed > 0 { parts.append(failed == 1 ? "1 job failed" : "\(failed) jobs failed") }
    return parts.joined(separator: ", ")
  }

  private struct Totals {
    let shards: Int
    let done: Int
    let leased: Int
    let aside: Int
    let bytes: Int
    let bytesDone: Int

    init(_ status: PoolStatus) {
      shards = status.jobs.map(\.shards).clampedSum()
      done = status.jobs.map(\.shardsDone).clampedSum()
      leased = status.jobs.map(\.shardsLeased).clampedSum()
      aside = status.jobs.map(\.shardsSetAside).clampedSum()
      bytes = status.jobs.map(\.bytes).clampedSum()
      bytesDone = status.jobs.map(\.bytesDone).clampedSum()
    }

    var percent: Int { StatusText.percent(done, of: shards) }
  }

  private static func percent(_ part: Int, of whole: Int) -> Int {
    // Multiplied first, as long as that fits: whole percents are exact.
    let (product, isOverflow) = part.multipliedReportingOverflow(by: 100)
    return whole == 0 ? 0 : isOverflow ? part / max(1, whole / 100) : product / whole
  }

  private func head(_ status: PoolStatus) -> [String] {
    let totals = Totals(status)
    var state = status.state.rawValue
    let elapsed = status.updated.timeIntervalSince(status.started)
    state += ", \(TimeText.duration(elapsed)) so far"
    if status.state == .comparing {
      if status.workers.isEmpty {
        state += ", waiting for workers"
      } else if let left = status.secondsLeft {
        state += ", about \(TimeText.duration(left)) left"
      }
    }
    var shards = "\(totals.done) of \(totals.shards) (\(totals.percent) %)"
    if totals.leased > 0 { shards += ", \(totals.leased) under way" }
    if totals.aside > 0 { shards += ", \(totals.aside) set aside" }
    var read = "\(ByteCount(bytes: totals.bytesDone)) of \(ByteCount(bytes: totals.bytes))"
    if status.bytesPerSecond > 0 { read += ", \(ByteCount(bytes: Int(clamping: status.bytesPerSecond)))/s" }
    var rows = [["state", state], ["shards", shards], ["read", read]]
    if status.jobs.count > 1 {
      let finished = status.jobs.count { $0.state == .finished }
      let failed = status.jobs.count { $0.failure != nil }
      let rest = failed == 0 ? "" : ", \(failed) failed"
      rows.append(["jobs", "\(finished) of \(status.jobs.count) finished\(rest)"])
    }
    rows += status.jobs.count == 1 ? status.jobs.compactMap { $0.tree.map { ["tree", tree($0)] } } : []
    if let endpoint = status.endpoint { rows.append(["workers at", endpoint.printable]) }
    rows.append(["host", "\(status.host.printable), process \(status.process)"])
    return TextTable.of(rows)
  }

  private func tree(_ tree: JobStatus.PartialTree) -> String {
    let certain = tree.families.count { $0.isCertain }
    let families = tree.families.count == 1 ? "1 family" : "\(tree.families.count) families"
    return "so far \(families), \(certain) certain, from \(tree.tensorsUsed) of \(tree.tensors) tensors"
  }

  private func jobTable(_ status: PoolStatus) -> [String] {
    let order: [PoolStatus.State] = [.comparing, .solving, .planning, .stopped, .finished]
    let sorted = status.jobs.enumerated().sorted {
      let ranks = (order.firstIndex(of: $0.element.state) ?? 0, order.firstIndex(of: $1.element.state) ?? 0)
      return ranks.0 == ranks.1 ? $0.offset < $1.offset : ranks.0 < ranks.1
    }.map(\.element)
    let shown = workers == nil ? sorted : Array(sorted.prefix(Self.jobs))
    var lines = TextTable.of(
      [["job", "state", "done", "shards", "weights", "tree so far"]]
        + shown.map { job in
          [
            name(job.name), job.failure == nil ? job.state.rawValue : "failed",
            "\(Self.percent(job.shardsDone, of: job.shards)) %", "\(job.shardsDone)/\(job.shards)",
            "\(ByteCount(bytes: job.bytes))",
            job.tree.map { "\($0.families.count { $0.isCertain }) of \($0.families.count) families certain" } ?? "",
          ]
        }, numbers: [2, 3, 4])
    if shown.count < sorted.count { lines.append("and \(sorted.count - shown.count) more; --all shows them") }
    return lines
  }

  private func failedJobs(_ status: PoolStatus) -> [String] {
    let failed = status.jobs.filter { $0.failure != nil }
    guard !failed.isEmpty else { return [] }
    let shown = workers == nil ? failed : Array(failed.prefix(Self.jobs))
    var lines = ["jobs without a tree:"]
    for job in shown {
      let line = "  \(name(job.name)): \((job.failure ?? "").printable)"
      // Why it failed is not cut.
      lines += columns.map { TextColumns.wrapped(line, to: $0) } ?? [line]
    }
    if shown.count < failed.count { lines.append("  and \(failed.count - shown.count) more; --all shows them") }
    return lines
  }

  private func workerTable(_ status: PoolStatus) -> [String] {
    guard !status.workers.isEmpty else { return status.state == .comparing ? ["no worker is connected"] : [] }
    let order: [WorkerStatus.State] = [.silent, .computing, .idle]
    let sorted = status.workers.sorted {
      let ranks = (order.firstIndex(of: $0.state) ?? 0, order.firstIndex(of: $1.state) ?? 0)
      return ranks.0 == ranks.1 ? $0.bytesPerSecond > $1.bytesPerSecond : ranks.0 < ranks.1
    }
    let states = order.compactMap { state in
      let count = sorted.count { $0.state == state }
      return count == 0 ? nil : "\(count) \(state.rawValue)"
    }
    let shown = workers.map { Array(sorted.prefix($0)) } ?? sorted
    let several = status.jobs.count > 1
    var lines = TextTable.of(
      [["worker", "state", "reads", "read", "done", "memory", "heard", "at work on"]]
        + shown.map { worker in
          [
            name(worker.name), worker.state.rawValue, "\(ByteCount(bytes: Int(clamping: worker.bytesPerSecond)))/s",
            "\(ByteCount(bytes: worker.bytesRead))", "\(worker.shardsDone)",
            "\(ByteCount(bytes: worker.residentBytes))",
            "\(fixed(worker.secondsSinceHeard, 1)) s ago", held(worker, several),
          ]
        }, numbers: [2, 3, 4, 5, 6])
    lines.insert(
      "\(status.workers.count == 1 ? "1 worker" : "\(status.workers.count) workers"): \(states.joined(separator: ", "))",
      at: 0)
    if shown.count < sorted.count { lines.append("and \(sorted.count - shown.count) more; --all shows them") }
    return lines
  }

  private func held(_ worker: WorkerStatus, _ several: Bool) -> String {
    guard let first = worker.shards.first else { return "" }
    var text = several ? "\(name(first.job)) " : ""
    text += "\(first.shard) \(name(first.tensor)), \(TimeText.duration(first.seconds))"
    return worker.shards.count > 1 ? "\(text) +\(worker.shards.count - 1)" : text
  }

  private func missing(_ status: PoolStatus) -> [String] {
    guard !status.missing.isEmpty else { return [] }
    var hosts: [String] = []
    var files: [String: [String]] = [:]
    for pair in status.missing {
      if files[pair.host] == nil { hosts.append(pair.host) }
      files[pair.host, default: []].append(pair.file)
    }
    let shown = workers == nil ? hosts : Array(hosts.prefix(Self.hosts))
    var lines = ["hosts that cannot open files (their shards go to others):"]
    lines += shown.map { host in
      let names = files[host] ?? []
      return
        "  \(host.printable)  \(names.count == 1 ? "1 file" : "\(names.count) files"), as \((names.first ?? "").printable)"
    }
    if shown.count < hosts.count { lines.append("  and \(hosts.count - shown.count) more; --all shows them") }
    lines.append("  -> mount the models there, or start those workers with --path-map FROM=TO")
    return lines
  }

  private func failures(_ status: PoolStatus) -> [String] {
    guard !status.failures.isEmpty else { return [] }
    return ["latest failures:"]
      + status.failures.suffix(Self.failures).reversed().map { failure in
        let place = [failure.job.map { name($0) }, failure.shard.map { "shard \($0)" }].compactMap { $0 }
        let time = failure.time.formatted(.iso8601.time(includingFractionalSeconds: false))
        return
          "  \(time)  \(failure.worker.printable)\(place.isEmpty ? "" : " (\(place.joined(separator: ", ")))"): \(failure.message.printable)"
      }
  }

  private func slowest(_ status: PoolStatus) -> [String] {
    guard !status.slowestFiles.isEmpty else { return [] }
    let rows = status.slowestFiles.prefix(Self.files).map { file in
      ["\(ByteCount(bytes: Int(clamping: file.bytesPerSecond)))/s", file.file.printable]
    }
    return ["slowest files:"] + TextTable.of(rows, indent: "  ", numbers: [0])
  }

  private func name(_ text: String) -> String { TextColumns.shortened(text.printable, to: 40) }

  private func fitted(_ line: String) -> String {
    guard let columns else { return line }
    guard TextColumns.count(line) > columns else { return line }
    return TextColumns.cut(line, to: columns)
  }
}
