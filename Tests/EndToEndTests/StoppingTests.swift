import Foundation
import TestPrograms
import TestSupport
import Testing

/// Signals end a program soon, and nothing that was done is lost.
@Suite struct StoppingTests {
  private let scratch: TemporaryFolder
  private let models: String
  private var run: String { scratch.at("run") }

  init() throws {
    scratch = try TemporaryFolder()
    models = try scratch.makeFamily(tensors: 40)
  }

  @Test(arguments: [(SIGTERM, Int32(75)), (SIGINT, Int32(130))])
  func aCoordinatorKeepsWhatIsDoneAndSaysHowToGoOn(_ signal: Int32, _ status: Int32) throws {
    let cluster = try Cluster(models: models, run: run)
    let meddler = try Meddler(cluster.endpoint, ["--pass", "10"])
    let worker = try cluster.worker(at: meddler.endpoint)
    #expect(eventually { shardsDone(run) == 10 })
    cluster.coordinator.send(signal)
    #expect(cluster.coordinator.wait() == status)
    #expect(cluster.coordinator.stderr.contains("modeltree resume"), "\(cluster.coordinator.stderr)")
    worker.end()
    let resumed = try Program.run(Program.modeltree, ["resume", run])
    #expect(resumed.status == 0, "\(resumed.stderr)")
    let kept = try #require(resumed.stderr.firstMatch(of: /resuming: (\d+) of 40/))
    #expect(kept.1 == "10", "what had come in is kept")
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func aWorkerFinishesWhatItHasBegunSaysGoodbyeAndLeavesNoBlame() throws {
    // Each is told to go as soon as it has shards: three times as often as a shard may fail.
    let cluster = try Cluster(models: models, run: run, ["--verify", "1"])
    // One answer of each gets through, so that nine cannot finish the run, however late they are told to go.
    let meddler = try Meddler(cluster.endpoint, ["--pass-each", "1"])
    for round in 1...9 {
      let worker = try cluster.worker(at: meddler.endpoint)
      #expect(cluster.waitForLog("a worker joined", times: round))
      worker.send(SIGTERM)
      #expect(worker.wait() == 0, "\(worker.stderr)")
    }
    let last = try (0..<2).map { _ in try cluster.worker() }
    cluster.finish()
    for worker in last { #expect(worker.leave() == 0) }
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func aSecondSignalEndsAtOnce() throws {
    // Nobody answers there, so the first signal leaves the goodbye to be delivered. Both signals wait for the worker, so
    // that it has no time in between to end by itself; which of them comes first is the system's choice.
    let worker = try Running(Program.worker, ["--connect", "tcp://127.0.0.1:9"])
    #expect(worker.waitForError("connecting"))
    for signal in [SIGSTOP, SIGTERM, SIGINT, SIGCONT] { worker.send(signal) }
    #expect([128 + SIGINT, 128 + SIGTERM].contains(worker.wait()))
  }

  /// A signal is never lost, however young the program is; before its own first line the system's
  /// default ends it.
  @Test func anEarlySignalEndsAWorkerAllTheSame() throws {
    for delay in stride(from: UInt32(0), to: 60_000, by: 4_000) {
      let worker = try Running(Program.worker, ["--connect", "tcp://127.0.0.1:9"])
      usleep(delay)
      worker.send(SIGTERM)
      let status = worker.wait()
      #expect(status == 0 || status == 128 + SIGTERM, "after \(delay) µs: \(status)")
    }
  }

  /// Shells start programs with no signal blocked, and so the threads of libraries that are older than main,
  /// as OpenBLAS is where somebody preloads it.
  @Test func signalsAreHeardWhicheverThreadTheSystemPicks() throws {
    let script =
      "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); os.execv(sys.argv[1], sys.argv[1:])"
    let coordinator = try Running(
      Program.python,
      ["-c", script, Program.modeltree, "coordinate", models, "--out", run, "--listen", "tcp://127.0.0.1:*"],
      environment: ["LD_PRELOAD": "libopenblas.so.0", "OPENBLAS_NUM_THREADS": "8"])
    #expect(coordinator.waitForError("listening on"))
    coordinator.send(SIGTERM)
    #expect(coordinator.wait() == 75, "\(coordinator.stderr)")
  }

  @Test func ignoredSignalsAreHeardAllTheSame() throws {
    let worker = try Running(
      "/bin/sh", ["-c", "trap '' TERM INT; exec \(Program.worker) --connect tcp://127.0.0.1:9"])
    #expect(worker.waitForError("connecting"))
    worker.send(SIGTERM)
    #expect(worker.wait() == 0)
  }

  @Test func ownWorkersEndWithTheirCoordinatorHoweverItEnds() throws {
    for signal in [SIGTERM, SIGKILL] {
      let name = scratch.at("run-\(signal)")
      let coordinator = try Running(
        Program.modeltree, ["recover", "\(Program.root)/zoo", "--out", name, "--workers", "2"])
      #expect(eventually { children(of: coordinator.pid).count == 2 })
      let workers = children(of: coordinator.pid)
      coordinator.send(signal)
      _ = coordinator.wait()
      #expect(eventually { workers.allSatisfy { kill($0, 0) != 0 } }, "signal \(signal)")
    }
  }

  private func children(of process: Int32) -> [Int32] {
    // Each thread has its own.
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
    return threads.flatMap { thread in
      let file = "/proc/\(process)/task/\(thread)/children"
      let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
      return text.split(separator: " ").compactMap { Int32($0) }
    }
  }
}
