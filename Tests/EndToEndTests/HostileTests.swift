import Foundation
import TestPrograms
import TestSupport
import Testing

/// Whatever comes in at the port costs a line in the log and never the run.
@Suite struct HostileTests {
  @Test func misdeedsAreAnsweredByARefusalAndTheRunGoesOn() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily(tensors: 40)
    let run = scratch.at("run")
    let cluster = try Cluster(models: models, run: run)
    for (misdeed, reason) in [
      ("other-version", "it is modeltree-worker 9.9.9, the coordinator "),
      ("other-protocol", "it speaks protocol 99, the coordinator "),
      ("unknown-type", "unknown message type 200"), ("no-json", "unreadable body"),
      ("many-frames", "a message of 3 frames"), ("never-issued", "without its sums"),
      ("no-sums", "a partial of 5000 bytes, expected "), ("flood", "floods"),
    ] {
      let answer = try cluster.stranger(misdeed)
      #expect(answer.hasPrefix("rejected: ") && answer.contains(reason), "\(misdeed): \(answer)")
    }
    // libzmq hangs up on frames beyond the limit before anybody here sees them.
    for misdeed in ["long-report", "huge-frame"] {
      #expect(try cluster.stranger(misdeed).contains("None"), "\(misdeed)")
    }
    #expect(try cluster.stranger("many-faces") == "done\n")
    #expect(try cluster.stranger("random-bytes").hasSuffix("connections\n"))
    let lines = cluster.log.split(separator: "\n").count
    #expect(lines < 80, "a stranger fills the log: \(lines) lines")

    let worker = try cluster.worker()
    cluster.finish()
    #expect(worker.wait() == 0, "\(worker.stderr)")
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func withKeysNoiseDoesNotEvenGetAWord() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let (run, keys) = (scratch.at("run"), scratch.at("keys"))
    #expect(try Program.run(Program.modeltree, ["keygen", keys]).status == 0)
    let cluster = try Cluster(models: models, run: run, ["--keys", keys])
    #expect(try cluster.stranger("random-bytes").hasSuffix("connections\n"))
    for misdeed in ["unknown-type", "flood"] {
      let answer = try cluster.stranger(misdeed, key: "\(keys)/worker.key")
      #expect(answer.hasPrefix("rejected: it "), "\(misdeed): \(answer)")
    }
    let worker = try cluster.worker("--key", "\(keys)/worker.key")
    cluster.finish()
    #expect(worker.wait() == 0, "\(worker.stderr)")
    #expect(try results(run) == scratch.undisturbed(models))
  }
}
