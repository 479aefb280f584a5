import Foundation
import TestPrograms
import TestSupport
import Testing

/// Several collections over one pool of workers.
@Suite struct BatchTests {
  private let scratch: TemporaryFolder
  private var runs: String { scratch.at("runs") }
  private var jobs: String { scratch.at("jobs.yaml") }
  private let names = ["first", "second", "third"]

  /// Three collections of different sizes, and one more with two architectures in it.
  init() throws {
    scratch = try TemporaryFolder()
    var recipes: [Recipe] = []
    for (number, name) in names.enumerated() {
      let root = Recipe(
        folder: scratch.at("\(name)/root"), seed: 100 * number, tensors: 10 + 10 * number, shape: [48, 32])
      recipes.append(root)
      for child in 0..<3 {
        recipes.append(
          Recipe(
            folder: scratch.at("\(name)/child\(child)"), seed: 100 * number + child + 1, parent: root.folder,
            step: 0.01 * Double(child + 1)))
      }
    }
    for (number, shape) in [[48, 32], [24, 80]].enumerated() {
      let root = Recipe(folder: scratch.at("several/root\(number)"), seed: 900 + number, shape: shape)
      recipes.append(root)
      for child in 0..<2 {
        recipes.append(
          Recipe(
            folder: scratch.at("several/child\(number)\(child)"), seed: 910 + 10 * number + child,
            parent: root.folder))
      }
    }
    try Recipe.make(recipes)
    try scratch.write("out: runs\njobs: [first, second, third]\n", to: "jobs.yaml")
  }

  private func expectResults(_ location: SourceLocation = #_sourceLocation) throws {
    for name in names {
      let alone = try scratch.undisturbed(scratch.at(name), "alone-\(name)")
      #expect(try results("\(runs)/\(name)") == alone, "\(name)", sourceLocation: location)
    }
  }

  @Test func oneCommandRecoversAllAndEachHasTheBitsOfARunOfItsOwn() throws {
    let output = try Program.run(Program.modeltree, ["batch", jobs])
    #expect(output.status == 0, "\(output.stderr)")
    for name in names { #expect(output.stdout.contains("\(name): 4 models, 1 family, \(runs)/\(name)\n")) }
    try expectResults()
    let again = try Program.run(Program.modeltree, ["batch", jobs])
    #expect(again.status == 0, "\(again.stderr)")
    #expect(again.stdout.components(separatedBy: "finished before").count == 4, "\(again.stdout)")
  }

  @Test func workersStayAndServeJobAfterJob() throws {
    let cluster = try Cluster(["batch", jobs], run: runs, ["--at-once", "2"])
    // Nothing is answered before both are there.
    let meddler = try Meddler(cluster.endpoint, ["--pass", "0"])
    let workers = try (0..<2).map { _ in try cluster.worker(at: meddler.endpoint) }
    func joined() -> Int {
      let log = (try? String(contentsOfFile: "\(runs)/batch.log", encoding: .utf8)) ?? ""
      return log.components(separatedBy: "a worker joined").count - 1
    }
    #expect(eventually { joined() == 2 })
    meddler.release()
    #expect(cluster.coordinator.wait() == 0, "\(cluster.coordinator.stderr)")
    for worker in workers { #expect(worker.wait() == 0, "\(worker.stderr)") }
    #expect(joined() == 2, "each joined once")
    try expectResults()
  }

  @Test func itGoesOnAfterAKillOfTheCoordinatorAndOfAWorker() throws {
    let first = try Cluster(["batch", jobs], run: runs, ["--at-once", "3"])
    let meddler = try Meddler(first.endpoint, ["--pass", "20"])
    let workers = try (0..<2).map { _ in try first.worker(at: meddler.endpoint) }
    #expect(meddler.waitForAnswers(20))
    #expect(eventually { names.contains { shardsDone("\(runs)/\($0)") > 0 } })
    first.coordinator.end()
    workers[0].end()
    let second = try Cluster(["batch", jobs], run: runs, listen: first.endpoint)
    meddler.release()
    #expect(second.coordinator.wait() == 0, "\(second.coordinator.stderr)")
    #expect(workers[1].wait() == 0, "\(workers[1].stderr)")
    #expect(second.coordinator.stderr.contains("shards were finished before"))
    try expectResults()
  }

  @Test func jobsShareThePoolWhileTheyLast() throws {
    let cluster = try Cluster(["batch", jobs], run: runs, ["--at-once", "3"])
    // All three wait before there is a worker: none has a head start.
    #expect(eventually { jobsComparing() == Set(names) })
    let meddler = try Meddler(cluster.endpoint, ["--pass", "27"])
    let worker = try cluster.worker(at: meddler.endpoint)
    // The first has 10 shards, the others 20 and 30: by the time that it ends, they have as many. No more answers than
    // these get through, however long it takes until they are durable.
    #expect(meddler.waitForAnswers(27))
    #expect(eventually { names.allSatisfy { shardsDone("\(runs)/\($0)") >= 6 } })
    cluster.coordinator.send(SIGTERM)
    #expect(cluster.coordinator.wait() == 75)
    worker.end()
  }

  /// Jobs whose shards are in the pool.
  private func jobsComparing() -> Set<String> {
    struct Status: Decodable {
      struct Pool: Decodable {
        struct Job: Decodable { var name, state: String }
        var jobs: [Job]
      }
      var pool: Pool
    }
    guard let output = try? Program.run(Program.modeltree, ["status", runs, "--json"]),
      let status = try? JSONDecoder().decode(Status.self, from: Data(output.stdout.utf8))
    else { return [] }
    return Set(status.pool.jobs.filter { $0.state == "comparing" }.map(\.name))
  }

  @Test func ctrlCStopsAllAndTheSameCommandGoesOn() throws {
    let cluster = try Cluster(["batch", jobs], run: runs)
    // Nobody computes; all jobs wait.
    #expect(eventually { FileManager.default.fileExists(atPath: "\(runs)/third/journal.sqlite") })
    cluster.coordinator.send(SIGINT)
    #expect(cluster.coordinator.wait() == 130, "\(cluster.coordinator.stderr)")
    #expect(cluster.coordinator.stderr.contains("repeat the same command to resume"))
    let again = try Program.run(Program.modeltree, ["batch", jobs])
    #expect(again.status == 0, "\(again.stderr)")
    try expectResults()
  }

  @Test func aBadJobDoesNotKeepTheOthersFromTheirTrees() throws {
    try scratch.write("jobs: [first, nowhere, several]\nout: runs\n", to: "jobs.yaml")
    let output = try Program.run(Program.modeltree, ["batch", jobs])
    #expect(output.status == 65, "\(output.stderr)")
    #expect(output.stderr.contains("nowhere: '") && output.stderr.contains("1 of 3 jobs have no tree: nowhere"))
    #expect(output.stdout.contains("first: 4 models, 1 family"))
    let status = try Program.run(Program.modeltree, ["status", runs])
    #expect(status.status == 0 && status.stdout.contains("2 of 3 finished, 1 failed"), "\(status.stdout)")
    #expect(status.stdout.contains("  nowhere: '\(scratch.at("nowhere"))'"), "\(status.stdout)")
    // Another architecture is another family, without a word.
    #expect(output.stdout.contains("several: 6 models, 2 families"))
  }

  @Test func aBatchOfWhichNothingBeganIsSeenAllTheSame() throws {
    try scratch.write("jobs: [nowhere, neither]\r\nout: runs\r\n", to: "jobs.yaml")
    try FileManager.default.createDirectory(atPath: runs, withIntermediateDirectories: true)
    try scratch.write("half", to: "runs/status.json.writing-77")
    let output = try Program.run(Program.modeltree, ["batch", jobs, "--json", "--quiet"])
    #expect(output.status == 65, "\(output.stderr)")
    struct Line: Decodable { var job, outcome, failure: String }
    let lines = try JSONDecoder().decode([Line].self, from: Data(output.stdout.utf8))
    #expect(lines.map(\.job) == ["nowhere", "neither"] && lines.allSatisfy { $0.outcome == "failed" })
    struct Status: Decodable {
      struct Pool: Decodable {
        struct Job: Decodable { var name, state, failure: String }
        var jobs: [Job]
      }
      var state: String
      var pool: Pool
    }
    let status = try Program.run(Program.modeltree, ["status", runs, "--json"])
    let shown = try JSONDecoder().decode(Status.self, from: Data(status.stdout.utf8))
    #expect(shown.state == "stopped" && shown.pool.jobs.map(\.name).sorted() == ["neither", "nowhere"])
    for job in shown.pool.jobs { #expect(job.failure.contains(scratch.at(job.name)), "\(job.failure)") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: runs).allSatisfy { !$0.contains("writing") })
  }

  @Test func optionsOfAJobThatRecoverWouldRefuseAreRefusedBeforeAnythingBegins() throws {
    try scratch.write("jobs:\n  - {models: first, distance: l7}\n", to: "jobs.yaml")
    let output = try Program.run(Program.modeltree, ["batch", jobs])
    #expect(output.status == 65)
    #expect(output.stderr.contains("job 'first'") && output.stderr.contains("l7"), "\(output.stderr)")
    #expect(!FileManager.default.fileExists(atPath: runs))
  }

  @Test func twoBatchesDoNotShareAFolder() throws {
    let cluster = try Cluster(["batch", jobs], run: runs)
    let other = try Program.run(Program.modeltree, ["batch", jobs])
    #expect(other.status == 73 && other.stderr.contains("another batch is working"), "\(other.stderr)")
    _ = cluster
  }
}
