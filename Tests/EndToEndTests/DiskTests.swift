import Foundation
import TestPrograms
import TestSupport
import Testing

@Suite(.enabled(if: SmallDisk.isAllowed, Comment(rawValue: SmallDisk.missing)))
struct DiskTests {
  private let scratch: TemporaryFolder
  private let models: String

  init() throws {
    scratch = try TemporaryFolder()
    models = try scratch.makeFamily(tensors: 40)
  }

  @Test func aFullDiskIsSaidAtEveryWriteAndTheRunGoesOnWithMoreRoom() throws {
    let disk = try SmallDisk(scratch.at("disk"), kilobytes: 8)
    let run = "\(disk.path)/run"
    var failures = 0
    var kilobytes = 8
    var places: Set<String> = []
    while kilobytes < 64_000 {
      let output = try Program.run(Program.modeltree, ["recover", models, "--out", run, "--workers", "2"])
      guard output.status != 0 else { break }
      #expect(output.status == 73, "\(kilobytes) kB: \(output.stderr)")
      #expect(output.stderr.contains("cannot"), "\(output.stderr)")
      #expect(output.stdout.isEmpty, "no tree is shown that is not kept")
      if let place = output.stderr.firstMatch(of: /cannot [^']*'[^']*\/run\/?([^'\/]*)/) {
        places.insert(String(place.1))
      }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: run)) ?? []
      #expect(!names.contains { $0.hasPrefix("status.json.writing") }, "\(kilobytes) kB: \(names)")
      failures += 1
      kilobytes = kilobytes * 5 / 4 + 4
      try disk.resize(kilobytes: kilobytes)
    }
    #expect(failures > 5)
    print("a full disk: \(failures) failures at \(places.sorted()), enough at \(kilobytes) kB")
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func aDiskThatFillsUpInMidRunLosesNothing() throws {
    let disk = try SmallDisk(scratch.at("disk"), kilobytes: 64_000)
    let run = "\(disk.path)/run"
    let cluster = try Cluster(models: models, run: run)
    let meddler = try Meddler(cluster.endpoint, ["--pass", "10"])
    let worker = try cluster.worker(at: meddler.endpoint)
    #expect(eventually { shardsDone(run) == 10 })
    // dd ends when nothing more fits.
    try Program.run("/bin/dd", ["if=/dev/zero", "of=\(disk.path)/filler", "bs=4k"])
    meddler.release()
    #expect(cluster.coordinator.wait() == 73, "\(cluster.coordinator.stderr)")
    #expect(cluster.coordinator.stderr.contains("journal.sqlite"), "\(cluster.coordinator.stderr)")
    worker.end()
    try FileManager.default.removeItem(atPath: "\(disk.path)/filler")
    let resumed = try Program.run(Program.modeltree, ["resume", run])
    #expect(resumed.status == 0, "\(resumed.stderr)")
    #expect(resumed.stderr.contains("resuming: "), "\(resumed.stderr)")
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func aRunDirectoryThatIsClosedToWritingCanBeReadAndIsNotWrittenTo() throws {
    let disk = try SmallDisk(scratch.at("disk"), kilobytes: 64_000)
    let run = "\(disk.path)/run"
    let recover = ["recover", models, "--out", run]
    #expect(try Program.run(Program.modeltree, recover).status == 0)
    try disk.closeToWriting()
    let refused = try Program.run(Program.modeltree, recover)
    #expect(refused.status == 73)
    #expect(refused.stderr.contains("cannot write to the run directory"), "\(refused.stderr)")
    let resumed = try Program.run(Program.modeltree, ["resume", run])
    #expect(resumed.status == 73, "\(resumed.stderr)")
    let fresh = try Program.run(
      Program.modeltree, ["recover", models, "--out", "\(disk.path)/other"])
    #expect(fresh.status == 73)
    #expect(fresh.stderr.contains("Read-only"), "\(fresh.stderr)")
    let status = try Program.run(Program.modeltree, ["status", run])
    #expect(status.status == 0, "\(status.stderr)")
    #expect(status.stdout.contains("finished"))
    #expect(try Program.run(Program.modeltree, ["tree", run]).status == 0)
  }
}
