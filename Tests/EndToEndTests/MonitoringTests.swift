import Foundation
import TestPrograms
import TestSupport
import Testing

/// `modeltree status`, from files and from a coordinator, and logs for machines.
@Suite struct MonitoringTests {
  private let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  /// What a coordinator would have written.
  private func write(
    _ state: String, host: String = "elsewhere", process: Int = 1, age: Double = 1, to folder: String = "run",
    done: Int = 30
  ) throws {
    let updated = Date(timeIntervalSinceNow: -age).formatted(
      .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted))
    let map = String(repeating: "#", count: done) + String(repeating: ".", count: 40 - done)
    let json = """
      {"format":1,"software":"0.1.0","host":"\(host)","process":\(process),"endpoint":"tcp://head:5555",
      "started":"\(updated)","updated":"\(updated)","state":"\(state)","bytes_per_second":1500000000,"seconds_left":75,
      "jobs":[{"name":"zoo","run":"/runs/zoo","state":"\(state)","models":4,"shards":40,"shards_done":\(done),
      "shards_leased":0,"shards_set_aside":0,"bytes":4000,"bytes_done":\(done * 100),"map":"\(map)","shards_per_cell":1}],
      "workers":[{"name":"node-1:7","host":"node-1","process":7,"state":"computing","shards":[],"shards_done":\(done),
      "bytes_read":3000,"bytes_per_second":1500000000,"resident_bytes":5,"memory_bytes":9,"threads":1,
      "seconds_since_heard":0.2}],
      "history":[],"failures":[],"missing":[{"host":"node-2","file":"/models/a.safetensors"}],"slowest_files":[],
      "later":"unknown"}
      """
    try FileManager.default.createDirectory(atPath: scratch.at(folder), withIntermediateDirectories: true)
    // Read at any time by somebody else.
    try Data(json.utf8).write(to: URL(fileURLWithPath: scratch.at("\(folder)/status.json")), options: .atomic)
  }

  private func status(_ arguments: String...) throws -> Program.Output {
    try Program.run(Program.modeltree, ["status"] + arguments)
  }

  private func object(_ output: Program.Output) throws -> [String: Any] {
    #expect(output.status == 0, "\(output.stderr)")
    return try #require(try JSONSerialization.jsonObject(with: Data(output.stdout.utf8)) as? [String: Any])
  }

  private static let here = ProcessInfo.processInfo.hostName

  @Test func aFolderThatAnotherHostWorksOnNeedsNoJournal() throws {
    // A clock may be ahead, and no test is late by so much.
    try write("comparing", age: -60)
    let output = try status(scratch.at("run"))
    #expect(output.status == 0, "\(output.stderr)")
    for words in [
      "comparing", "30 of 40 (75 %)", "1.50 GB/s", "node-1:7", "node-2  1 file", "--path-map", "tcp://head:5555",
    ] {
      #expect(output.stdout.contains(words), "lacks '\(words)': \(output.stdout)")
    }
    #expect(!output.stdout.contains("no sign of life"))
    let found = try object(try status(scratch.at("run"), "--json"))
    #expect(
      found["state"] as? String == "running" && found["shards"] as? Int == 40 && found["shards_done"] as? Int == 30)
    #expect(found["bytes_read"] as? Int == 3000)
    #expect((found["pool"] as? [String: Any])?["endpoint"] as? String == "tcp://head:5555")
  }

  @Test func whoSaysNothingAnyMoreIsNamed() throws {
    try write("comparing", age: 300)
    let output = try status(scratch.at("run"))
    #expect(output.stdout.hasPrefix("no sign of life for 5 min on elsewhere"), "\(output.stdout)")
    let found = try object(try status(scratch.at("run"), "--json"))
    #expect(try #require(found["seconds_silent"] as? Double) > 299)
    try write("finished", age: 300)
    #expect(try !status(scratch.at("run")).stdout.contains("no sign of life"))
  }

  @Test func whoReadsNoFurtherEndsTheProgramQuietly() throws {
    // The library that serves the page would have the program go on without a reader, until it trips over that. Without
    // workers it has something to say every minute.
    let coordinate =
      "'\(Program.modeltree)' coordinate '\(Program.root)/zoo/full-finetune' --out '\(scratch.at("run"))'"
      + " --listen 'tcp://127.0.0.1:*' --http 0"
    let output = try Program.run(
      "/usr/bin/env",
      ["--default-signal=PIPE", "bash", "-c", "\(coordinate) 2>&1 >/dev/null | head -n 1; echo ${PIPESTATUS[0]}"])
    #expect(
      output.stdout.hasPrefix("status at http://127.0.0.1:") && output.stdout.hasSuffix("\n141\n"), "\(output.stdout)")
  }

  @Test func onThisHostTheProcessIsAskedAndNotTheClock() throws {
    // Nobody holds the folder, and no process has this number.
    try write("comparing", host: Self.here, process: 4_194_305)
    let found = try object(try status(scratch.at("run"), "--json"))
    #expect(found["state"] as? String == "stopped")
    try write("comparing", host: Self.here, process: Int(ProcessInfo.processInfo.processIdentifier))
    #expect(try object(try status(scratch.at("run"), "--json"))["state"] as? String == "running")
    // A lock that nobody holds says more than a process that lives.
    try scratch.write("", to: "run/.lock")
    #expect(try object(try status(scratch.at("run"), "--json"))["state"] as? String == "stopped")
  }

  @Test func whatIsNoRunIsRefused() throws {
    let nothing = try status(scratch.path)
    #expect(nothing.status == 65 && nothing.stderr.contains("status.json"), "\(nothing.stderr)")
    try FileManager.default.createDirectory(atPath: scratch.at("run"), withIntermediateDirectories: true)
    try scratch.write("{\"format\":99}", to: "run/status.json")
    let newer = try status(scratch.at("run"))
    #expect(newer.status == 65 && newer.stderr.contains("format 99"), "\(newer.stderr)")
    #expect(try status("http://head:8080/").status == 64)
    #expect(try status(scratch.at("run"), "--key", "x").status == 64)
    #expect(try status("tcp://192.0.2.1:5555").status == 64, "beyond this machine without a key")
  }

  @Test func aCoordinatorIsAskedByWhoeverMayWork() throws {
    try write("comparing")
    let told = try Told(scratch.at("run/status.json"))
    defer { told.running.end() }
    let found = try object(try answer(told.endpoint, "--json"))
    #expect(found["state"] as? String == "running" && found["shards_done"] as? Int == 30)
    #expect(try answer(told.endpoint).stdout.contains("30 of 40 (75 %)"))
    #expect(!told.running.stderr.contains("hello"), "an onlooker is no worker")
  }

  @Test func aCoordinatorThatSaysNothingIsGivenUp() throws {
    try write("comparing")
    let told = try Told(scratch.at("run/status.json"), "silent")
    defer { told.running.end() }
    let output = try status(told.endpoint)
    #expect(
      output.status == 75 && output.stderr.contains("no answer") && output.stderr.contains("->"), "\(output.stderr)")
    let refusing = try Told(scratch.at("run/status.json"), "refuse")
    defer { refusing.running.end() }
    #expect(try answer(refusing.endpoint).stderr.contains("no onlookers here"))
  }

  /// The program itself waits for no more than five seconds, in which a busy machine may have said nothing.
  private func answer(_ arguments: String...) throws -> Program.Output {
    var output = try Program.run(Program.modeltree, ["status"] + arguments)
    _ = try eventually {
      guard output.status == 75 else { return true }
      output = try Program.run(Program.modeltree, ["status"] + arguments)
      return false
    }
    return output
  }

  @Test func watchingEndsWithTheRun() throws {
    try write("comparing")
    let told = try Told(scratch.at("run/status.json"))
    defer { told.running.end() }
    let watching = try Running(Program.modeltree, ["status", told.endpoint, "--watch"])
    #expect(eventually { watching.stdout.contains("30/40") })
    try write("finished", done: 40)
    #expect(watching.wait() == 0, "\(watching.stderr)")
    let lines = watching.stdout.split(separator: "\n")
    #expect(lines.count >= 2 && lines.last?.contains("finished, shards 40/40") == true, "\(watching.stdout)")
    #expect(lines.dropLast().allSatisfy { $0.contains("comparing, shards 30/40 (75 %)") }, "\(watching.stdout)")
  }

  @Test func watchingLeavesTheTerminalClean() throws {
    try write("comparing")
    let output = try Program.oracle(
      "watch_terminal", ["30 of 40", Program.modeltree, "status", scratch.at("run"), "--watch"])
    let found = try object(output)
    let shown = try #require(found["shown"] as? String)
    #expect(found["interrupted"] as? Bool == true && found["status"] as? Int == 130, "\(shown)")
    let parts = shown.components(separatedBy: "\u{1b}[?1049h")
    #expect(parts.count == 2 && shown.hasSuffix("\u{1b}[?25h\u{1b}[?1049l"), "\(shown)")
  }

  @Test func logsForMachinesAreObjectsLineByLine() throws {
    let worker = try Running(Program.worker, ["--connect", "tcp://127.0.0.1:9", "--log-format", "json"])
    #expect(worker.waitForError("connecting"))
    worker.send(SIGTERM)
    #expect(worker.wait() == 0)
    let refused = try Program.run(Program.worker, ["--connect", "tcp://192.0.2.1:9", "--log-format", "json"])
    #expect(refused.status == 64)
    let lines = (worker.stderr + refused.stderr).split(separator: "\n")
    #expect(lines.count >= 3)
    for line in lines {
      let found = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
      for key in ["time", "level", "label", "message", "host", "process"] {
        #expect(found[key] != nil, "\(key): \(line)")
      }
    }
    #expect(lines.last?.contains("\"level\":\"error\"") == true && lines.last?.contains("192.0.2.1") == true)
  }
}

/// A coordinator that only answers onlookers.
private struct Told {
  let running: Running
  let endpoint: String

  init(_ file: String, _ manner: String = "answer") throws {
    running = try Running(Program.python, ["\(Program.root)/Tests/Oracle/told.py", file, manner])
    try #require(running.waitForError("\n"))
    endpoint = try #require(running.stderr.split(separator: "\n").first.map(String.init))
  }
}
