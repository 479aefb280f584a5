import Foundation
import Logging
import Logs
import Testing

struct LogLineTests {
  private func object(_ line: String) throws -> [String: Any] {
    #expect(!line.contains("\n"))
    return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test func aLineIsOneObjectWithFlatFields() throws {
    let line = LogLine(
      level: .warning, label: "modeltree.worker", message: "a shard failed",
      metadata: [
        "shard.id": "7", "worker": ["id": "w1", "host": ["name": "node"]], "files": ["a", "b"],
        "seconds": .stringConvertible(1.5),
      ]
    ).json(at: Date(timeIntervalSince1970: 1_790_000_000.5))
    let found = try object(line)
    #expect(found["time"] as? String == "2026-09-21T14:13:20.500Z")
    #expect(found["level"] as? String == "warning" && found["label"] as? String == "modeltree.worker")
    #expect(found["message"] as? String == "a shard failed")
    #expect(found["process"] as? Int == Int(ProcessInfo.processInfo.processIdentifier))
    #expect(found["host"] as? String == ProcessInfo.processInfo.hostName)
    #expect(found["shard.id"] as? String == "7" && found["worker.id"] as? String == "w1")
    #expect(found["worker.host.name"] as? String == "node" && found["files.1"] as? String == "b")
    #expect(found["seconds"] as? String == "1.5")
    #expect(line.hasPrefix("{\"time\":"), "what people look for first comes first")
  }

  @Test func whatTheLineSaysItselfCannotBeWrittenOver() throws {
    let found = try object(
      LogLine(level: .info, label: "l", message: "m", metadata: ["level": "x", "process": "y", "time": "z"]).json())
    #expect(found["level"] as? String == "info" && found["process"] as? Int != nil && found["time"] as? String != "z")
  }

  @Test(arguments: ["line\nbreak", "\"quoted\" \\", "\u{1b}[31mred", "\u{2028}", "中文 🌲", "\0", "</script>"])
  func anyTextSurvives(_ text: String) throws {
    let found = try object(LogLine(level: .info, label: text, message: text, metadata: [text: .string(text)]).json())
    #expect(found["message"] as? String == text && found["label"] as? String == text && found[text] as? String == text)
  }
}
