import Foundation
import TestPrograms
import TestSeed
import TestSupport
import Testing

/// A run among processes that die, stop, come back and are replaced at random, on a network that
/// repeats and reorders, ends with the bits of a quiet one.
@Suite struct ChaosTests {
  private enum Blow: CaseIterable {
    case killWorker, stopWorker, wakeWorkers, endWorker, killCoordinator, endCoordinator
  }

  @Test func theBitsAreThoseOfAQuietRun() throws {
    var random = Seeded.fresh()
    let seed = random.seed
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily(tensors: 150)
    let run = scratch.at("run")
    let options = ["--verify", "0.2"]
    var cluster = try Cluster(models: models, run: run, options)
    let endpoint = cluster.endpoint
    let meddler = try Meddler(
      endpoint, ["--duplicate", "0.2", "--reorder", "0.2", "--delay", "0.01", "--seed", "\(seed)"])
    var workers = try (0..<3).map { _ in try cluster.worker(at: meddler.endpoint) }
    var stopped: [Running] = []
    var blows: [String] = []
    var next = 5
    while blows.count < 14,
      eventually({ meddler.answers >= next || !cluster.coordinator.isRunning }), cluster.coordinator.isRunning
    {
      next = meddler.answers + Int.random(in: 3...20, using: &random)
      let blow = Blow.allCases.randomElement(using: &random) ?? .killWorker
      blows.append("\(blow)")
      switch blow {
      case .killWorker, .endWorker:
        let index = Int.random(in: 0..<workers.count, using: &random)
        workers[index].send(SIGCONT)
        workers[index].send(blow == .killWorker ? SIGKILL : SIGTERM)
        _ = workers[index].wait()
        workers[index] = try cluster.worker(at: meddler.endpoint)
      case .stopWorker:
        guard stopped.isEmpty, let worker = workers.randomElement(using: &random) else { continue }
        worker.send(SIGSTOP)
        stopped.append(worker)
      case .wakeWorkers:
        for worker in stopped { worker.send(SIGCONT) }
        stopped = []
      case .killCoordinator, .endCoordinator:
        cluster.coordinator.send(blow == .killCoordinator ? SIGKILL : SIGTERM)
        let status = cluster.coordinator.wait()
        // It may just have been done, or lack nothing but its tree: then the next one listens nowhere.
        guard status != 0, shardsDone(run) < 150 else { break }
        cluster = try Cluster(["resume", run], run: run, listen: endpoint, options)
      }
    }
    for worker in stopped { worker.send(SIGCONT) }
    // Whoever was thrown out or ran out of patience must not keep the others waiting.
    for index in workers.indices where !workers[index].isRunning {
      blows.append("lost worker \(index): \(workers[index].stderr.suffix(300))")
      workers[index] = try cluster.worker(at: meddler.endpoint)
    }
    var status = cluster.coordinator.wait()
    // Three deaths on one shard are possible by chance, and so is a last blow; the rest is there, and is computed now.
    if [75, 128 + SIGKILL].contains(status) { status = try Program.run(Program.modeltree, ["resume", run]).status }
    #expect(status == 0, "seed \(seed), \(blows): \(cluster.coordinator.stderr)")
    print("chaos: \(blows.joined(separator: ", ")); \(meddler.answers) answers for 150 shards")
    for worker in workers { worker.end() }
    #expect(try results(run) == scratch.undisturbed(models), "seed \(seed), \(blows)")
  }
}
