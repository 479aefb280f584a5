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
import TestSupport

/// What a run directory says of its progress without a coordinator.
struct StatusTests {
  @Test func aRunIsRunningWhileItsLockIsHeldThenStoppedThenFinished() throws {
    let folder = try TemporaryFolder()
    let run = ComputedRun(folder: folder)
    let invocation = Invocation(inputs: [try folder.makeFamily()], lineage: LineageOptions())
    let source = try StatusSource(folder.at("run"), key: nil, insecure: false)
    do {
      let directory = try RunDirectory(path: folder.at("run"), redo: false)
      let comparison = try run.open(invocation, directory)
      try run.compute(comparison, tensors: 0..<1)
      let report = try source.look()
      #expect(report.state == .running && report.shards == 2 && report.shardsDone == 1)
      #expect(report.bytesRead == 3 * 24 * 16 * 4)
      withExtendedLifetime(directory) {}
    }
    #expect(try source.look().state == .stopped)
    try run.compute(invocation, at: folder.at("run"))
    _ = try run.recover(invocation, at: folder.at("run"))
    let report = try source.look()
    #expect(report.state == .finished && report.shardsDone == 2)
    #expect(report.text(StatusText(columns: nil, workers: nil)).hasPrefix("state    finished\nshards   2 of 2\n"))
  }

  @Test func whatIsNotARunIsRefused() throws {
    let folder = try TemporaryFolder()
    let source = try StatusSource(folder.path, key: nil, insecure: false)
    #expect(try #require(thrown { _ = try source.look() }).kind == .badInput)
    #expect(thrown { _ = try StatusSource("http://head:8080", key: nil, insecure: false) }?.kind == .usage)
    #expect(thrown { _ = try StatusSource(folder.path, key: "k", insecure: false) }?.kind == .usage)
  }
}
