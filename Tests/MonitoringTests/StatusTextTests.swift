import Core
import Foundation
import Monitoring
import System
import Testing

struct StatusTextTests {
  private func lines(_ status: PoolStatus, _ form: StatusText = StatusText()) -> [String] {
    form.render(status).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test func saysHowFarItIsAndWhoIsAtWork() throws {
    let text = StatusText().render(Sample.busy())
    // For the documentation, as LivePageTests does.
    if let folder = ProcessInfo.processInfo.environment["MODELTREE_PICTURES"] {
      try text.write(toFile: "\(folder)/live-terminal.txt", atomically: true, encoding: .utf8)
    }
    for words in [
      "state       comparing, 43 min so far, about 58 min left", "shards      7", " of 1840 (", "2 set aside",
      "8.16 GB/s",
      "so far 2 families, 1 certain, from 121 of 290 tensors", "workers at  tcp://0.0.0.0:5555",
      "12 workers: 1 silent, 10 computing, 1 idle", "node-001:31000",
      "hosts that cannot open files", "node-006  2 files, as /data/models/vicuna-7b/model-00001-of-00004.safetensors",
      "--path-map FROM=TO", "node-003:31005 (llama-family, shard 30): cannot read", "121 MB/s",
    ] { #expect(text.contains(words), "lacks '\(words)':\n\(text)") }
  }

  @Test func columnsStandUnderTheirHeads() throws {
    let rows = lines(Sample.busy()).drop { !$0.hasPrefix("worker ") }.prefix(13)
    let head = try #require(rows.first)
    for (name, alignsRight) in [
      ("state", false), ("reads", true), ("read", true), ("heard", true), ("at work on", false),
    ] {
      let range = try #require(head.range(of: " \(name)", options: name == "read" ? .backwards : []))
      let column = head.distance(
        from: head.startIndex, to: alignsRight ? range.upperBound : head.index(after: range.lowerBound))
      for row in rows.dropFirst() {
        let cells = Array(row)
        #expect(
          alignsRight
            ? cells[column - 1] != " " && cells[column] == " "
            : cells[column - 1] == " " && (column >= cells.count || cells[column] != " " || name == "at work on"),
          "\(name): \(row)")
      }
    }
  }

  @Test func onlySoManyAreListedUnlessAllAreAskedFor() {
    let status = Sample.busy(workers: 1000, jobs: 100)
    let short = lines(status)
    #expect(short.count { $0.hasPrefix("node-") } == 20)
    #expect(short.contains("and 980 more; --all shows them") && short.contains("and 80 more; --all shows them"))
    #expect(short.count < 70)
    let long = lines(status, StatusText(workers: nil))
    #expect(long.count { $0.hasPrefix("node-") } == 1000 && long.count { $0.hasPrefix("hub-") } == 100)
  }

  @Test func jobsThatFailedAreNamedWithTheirError() {
    var status = Sample.busy(jobs: 3)
    status.jobs.append(
      JobStatus(name: "gone", run: "/runs/gone", failedAtStart: "'/models/gone' does not exist, \u{1b}[31m"))
    let text = lines(status)
    #expect(
      text.contains("jobs without a tree:") && text.contains("  gone: '/models/gone' does not exist, \\u{1b}[31m"))
    #expect(text.contains { $0.hasPrefix("jobs") && $0.hasSuffix(" of 4 finished, 1 failed") }, "\(text)")
    #expect(text.contains { $0.hasPrefix("gone") && $0.contains("failed") })
    let narrow = lines(status, StatusText(columns: 40))
    #expect(narrow.contains { $0.contains("exist,") } && narrow.allSatisfy { TextColumns.count($0) <= 40 })
    #expect(StatusText.line(status).contains("1 job failed"))
    #expect(Metrics.render(status, loopAge: 0).contains("modeltree_job_failed{job=\"gone\"} 1"))
  }

  @Test func whoIsSilentComesFirst() throws {
    let rows = lines(Sample.busy(workers: 100)).filter { $0.hasPrefix("node-") }
    #expect(rows.prefix(9).allSatisfy { $0.contains("silent") } && rows[9].contains("computing"))
  }

  @Test func nothingIsWiderThanTheTerminal() {
    for columns in [40, 80, 133] {
      for status in [Sample.busy(), Sample.hostile, Sample.empty] {
        for line in lines(status, StatusText(columns: columns)) {
          #expect(TextColumns.count(line) <= columns, "\(line)")
        }
      }
    }
  }

  @Test func namesCannotSteerTheTerminal() {
    let text = StatusText(workers: nil).render(Sample.hostile) + StatusText.line(Sample.hostile)
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    #expect(!text.unicodeScalars.contains("\u{202e}") && text.contains("\\u{1b}[31mred"))
  }

  @Test func anEmptyPoolWaitsForWorkers() {
    var status = Sample.busy(workers: 0)
    #expect(StatusText().render(status).contains("waiting for workers"))
    #expect(StatusText().render(status).contains("no worker is connected"))
    status.state = .finished
    #expect(!StatusText().render(status).contains("worker is"))
    #expect(StatusText().render(Sample.empty).hasPrefix("state"))
  }

  @Test func oneLineForLogs() {
    let line = StatusText.line(Sample.busy())
    #expect(
      line.wholeMatch(of: /comparing, shards \d+\/1840 \(\d+ %\), 8.16 GB\/s, ETA 58 min, 12 workers, 2 files .+/)
        != nil, "\(line)")
  }
}
