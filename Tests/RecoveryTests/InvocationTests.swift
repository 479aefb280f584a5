import Checkpoints
import Coordination
import Core
import Foundation
import Graph
import Lineage
import Monitoring
import Recovery
import Storage
import System
import Testing

/// What a run was asked for, as its journal keeps it.
struct InvocationTests {
  @Test func everyOptionComesBack() throws {
    let invocation = Invocation(
      inputs: ["/models/a", "/models/ü \"b\""],
      lineage: LineageOptions(
        metric: .motherFT, stage: .generalization, lambda: 0.125, families: 3, distanceLayers: "query|key",
        scoreLayers: "value", replicates: 7, seed: .max),
      truth: "/truth.json", hints: "/hints.csv")
    #expect(try Invocation(json: invocation.json, from: "j") == invocation)
    let plain = Invocation(inputs: [], lineage: LineageOptions())
    #expect(try Invocation(json: plain.json, from: "j") == plain)
    #expect(plain.truth == nil && plain.hints == nil)
  }

  @Test func pathsAreMadeAbsoluteButAutoIsNotAPath() {
    let here = FileManager.default.currentDirectoryPath
    let invocation = Invocation(
      inputs: ["models/../models/a/"], lineage: LineageOptions(), truth: "./truth.json", hints: "auto")
    #expect(invocation.inputs == ["\(here)/models/a"])
    #expect(invocation.truth == "\(here)/truth.json")
    #expect(invocation.hints == "auto")
    #expect(Invocation(inputs: [], lineage: LineageOptions(), hints: "auto.csv").hints == "\(here)/auto.csv")
  }

  @Test(arguments: ["", "{}", "null", "{\"inputs\":[1]}", "{\"inputs\":[],\"lineage\":{}}"])
  func aDamagedRecordIsBadInput(_ text: String) throws {
    let error = try #require(thrown { _ = try Invocation(json: text, from: "/run/journal.sqlite") })
    #expect(error.kind == .badInput)
    #expect(error.message.contains("/run/journal.sqlite"))
    #expect(error.advice.contains("--redo"))
  }
}
