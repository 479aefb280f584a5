import Core
import Foundation
import Monitoring
import System
import Testing

struct StatusJSONTests {
  @Test(arguments: [Sample.empty, Sample.busy(), Sample.busy(workers: 1000, jobs: 100), Sample.hostile])
  func comesBackAsItWas(_ status: PoolStatus) throws {
    let json = StatusJSON.encode(status)
    #expect(try StatusJSON.decode(Data(json.utf8), from: "status.json") == status)
  }

  @Test func isWhatOthersReadInIt() throws {
    var status = Sample.busy()
    status.updated = Date(timeIntervalSince1970: 1_790_000_000.123)
    let read = try JSONSerialization.jsonObject(with: Data(StatusJSON.encode(status).utf8))
    let object = try #require(read as? [String: Any])
    #expect(object["updated"] as? String == "2026-09-21T14:13:20.123Z")
    #expect(object["seconds_left"] as? Double == 3480)
    let job = try #require((object["jobs"] as? [[String: Any]])?.first)
    #expect(job["shards_per_cell"] as? Int == 1 && job["bytes_done"] != nil)
    let families = try #require((job["tree"] as? [String: Any])?["families"] as? [[String: Any]])
    #expect(families[0]["is_certain"] as? Bool == true)
  }

  @Test func everyMillisecondIsKept() throws {
    var status = Sample.empty
    for millisecond in 0..<1000 {
      status.updated = Date(timeIntervalSince1970: 1_790_000_000 + Double(millisecond) / 1000)
      let text = StatusJSON.encode(status)
      #expect(text.contains(String(format: "\"updated\":\"2026-09-21T14:13:20.%03dZ\"", millisecond)), "\(text)")
    }
  }

  @Test func holdsNoNumberThatJSONHasNot() throws {
    var status = Sample.busy()
    status.bytesPerSecond = .nan
    status.secondsLeft = .infinity
    status.workers[0].bytesPerSecond = -.infinity
    status.history[0].bytesPerSecond = .nan
    status.slowestFiles[0].seconds = .nan
    status.jobs[0].tree?.families[0].edges[0].support = .nan
    let back = try StatusJSON.decode(Data(StatusJSON.encode(status).utf8), from: "status.json")
    #expect(back.bytesPerSecond == 0 && back.secondsLeft == nil && back.workers[0].bytesPerSecond == 0)
    #expect(back.jobs[0].tree?.families[0].edges[0].support == 0)
  }

  @Test func fieldsOfLaterVersionsAreLeftAside() throws {
    let json = StatusJSON.encode(Sample.empty).replacingOccurrences(
      of: "\"format\":1", with: "\"format\":1,\"weather\":{\"sun\":[1,2]}")
    #expect(try StatusJSON.decode(Data(json.utf8), from: "status.json") == Sample.empty)
  }

  @Test func aNewerFormatIsNamed() throws {
    let json = "{\"format\":2,\"software\":\"9.0\",\"everything\":\"else\"}"
    let failure = try #require(
      #expect(throws: Failure.self) { try StatusJSON.decode(Data(json.utf8), from: "run/status.json") })
    #expect(failure.kind == .badInput && failure.message.contains("format 2") && failure.advice.contains("9.0"))
  }

  /// Numbers that no run can have: whatever the field, they are refused before anything is computed with them.
  @Test(arguments: [
    "9223372036854775807", "-9223372036854775808", "-1", "1e300", "-1e300", "1e999", "18446744073709551616", "0.5",
  ])
  func absurdNumbersAreRefused(_ number: String) throws {
    let json = StatusJSON.encode(Sample.busy())
    let fields = json.matches(of: #/"([a-z_]+)":-?[0-9.]+(?:e[+-]?[0-9]+)?/#)
    #expect(fields.count > 40)
    for field in fields {
      let name = String(field.1)
      // Halves are numbers of seconds and shares; a clock may be behind.
      let isReal = name.contains("second") || name == "support"
      guard name != "format", !(number == "0.5" && isReal), !(number == "-1" && name.hasPrefix("seconds")) else {
        continue
      }
      var changed = json
      changed.replaceSubrange(field.range, with: "\"\(name)\":\(number)")
      let failure = #expect(throws: Failure.self, "\(name)") {
        try StatusJSON.decode(Data(changed.utf8), from: "run/status.json")
      }
      #expect(failure?.kind == .badInput && failure?.message.contains("run/status.json") == true)
    }
  }

  @Test func sumsOfManyJobsDoNotOverflow() throws {
    var status = Sample.busy()
    status.jobs = Array(repeating: status.jobs[0], count: 5000)
    for job in status.jobs.indices {
      (status.jobs[job].bytes, status.jobs[job].bytesDone) = (1 << 53, 1 << 53)
      (status.jobs[job].shards, status.jobs[job].shardsDone) = (1 << 31, 1 << 31)
    }
    let back = try StatusJSON.decode(Data(StatusJSON.encode(status).utf8), from: "status.json")
    #expect(StatusText().render(back).contains("(100 %)"))
    #expect(StatusText.line(back).contains("(100 %)"))
    #expect(Metrics.render(back, loopAge: 0).contains("modeltree_read_bytes_total"))
  }

  @Test(arguments: ["", "{", "[]", "null", "{\"format\":1}", "{\"format\":\"x\"}"])
  func whatIsNoStatusIsRefused(_ json: String) throws {
    let failure = #expect(throws: Failure.self) { try StatusJSON.decode(Data(json.utf8), from: "run/status.json") }
    #expect(failure?.kind == .badInput && failure?.message.contains("run/status.json") == true)
  }
}
