import Foundation
import TestPrograms
import TestSupport
import Testing

/// The manifests of deploy/kubernetes: the schemas know them, they fit each other, and the programs live in them.
@Suite struct KubernetesTests {
  private let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  @Test(arguments: ["small", "large"])
  func manifestsAreValidAndFitEachOther(overlay: String) throws {
    let manifests = try Manifests(overlay, in: scratch)
    let checked = try Program.oracle("check_kubernetes", [manifests.rendered])
    #expect(checked.status == 0, "\(checked.stderr)")
    #expect(checked.stdout.contains("\"objects\""))
  }

  @Test func noKeyCanBeCommitted() throws {
    let keys = "deploy/kubernetes/components/keys/keys"
    for name in ["coordinator.key", "worker.key", "allowed-workers"] {
      let ignored = try Program.run(
        "/usr/bin/git", ["-C", Program.root, "check-ignore", "--quiet", "\(keys)/\(name)"])
      #expect(ignored.status == 0, "\(name)")
    }
  }

  /// The commands in the Dockerfile's comment, with this machine's folders in place of the containers' volumes.
  @Test func theExamplesOfTheDockerfileLetWorkersIn() throws {
    let recipe = try String(contentsOfFile: "\(Program.root)/deploy/container/Dockerfile", encoding: .utf8)
    let models = try scratch.makeFamily()
    let commands = recipe.matches(of: /(?m)^#     (modeltree.+)$/).map { match in
      match.1.replacing("/models", with: models).replacing("/runs", with: scratch.path)
        .replacing("0.0.0.0:5555", with: "0.0.0.0:*").split(separator: " ").map(String.init)
    }
    try #require(commands.count == 4, "recover, keygen, coordinate, modeltree-worker")
    for command in commands[..<2] {
      let output = try Program.run(Program.modeltree, Array(command.dropFirst()))
      #expect(output.status == 0, "\(output.stderr)")
    }
    let coordinator = try Running(Program.modeltree, Array(commands[2].dropFirst()))
    defer { coordinator.end() }
    #expect(coordinator.waitForError("listening on tcp://0.0.0.0:"), "containers reach no other: \(coordinator.stderr)")
    let port = String(try #require(coordinator.stderr.firstMatch(of: /listening on tcp:\/\/0.0.0.0:(\d+)/)).1)
    let options = commands[3].dropFirst().map { $0.replacing("head:5555", with: "127.0.0.1:\(port)") }
    let worker = try Running(Program.worker, options)
    defer { worker.end() }
    #expect(coordinator.wait() == 0, "\(coordinator.stderr)")
    #expect(worker.leave() == 0, "\(worker.stderr)")
    #expect(try results(scratch.at("cluster")) == results(scratch.at("run")))
  }

  /// What a Job is told when a program ends, and what the program was told before.
  @Test func asJobTellsFinishedFromToldToGo() throws {
    for code in [0, 1, 64, 75] as [Int32] {
      #expect(try asJob("/bin/sh", "-c", "exit \(code)").wait() == code)
    }
    let echo = try asJob("/bin/echo", "two words")
    #expect(echo.wait() == 0 && echo.stdout == "two words\n")
    for (code, expected) in [(0, 143), (75, 143), (65, 65), (73, 73)] as [(Int32, Int32)] {
      let script = """
        import signal, sys
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        print("ready", file=sys.stderr, flush=True)
        signal.sigwait([signal.SIGTERM])
        sys.exit(\(code))
        """
      let running = try asJob(Program.python, "-c", script)
      #expect(running.waitForError("ready"))
      running.send(SIGTERM)
      #expect(running.wait() == expected)
    }
    // One that a signal ends outright.
    let stubborn = try asJob("/bin/sh", "-c", "echo ready >&2; exec sleep 600")
    #expect(stubborn.waitForError("ready"))
    stubborn.send(SIGTERM)
    #expect(stubborn.wait() == 143)
  }

  /// A thread of ours may have signals blocked, and a program inherits that; the first of a pod does not.
  private func asJob(_ command: String...) throws -> Running {
    let script = """
      import os, signal, sys
      signal.pthread_sigmask(signal.SIG_SETMASK, [])
      os.execv(sys.argv[1], sys.argv[1:])
      """
    return try Running(Program.python, ["-c", script, "\(Program.root)/deploy/container/as-job"] + command)
  }
}

@Suite(.enabled(if: Node.isAllowed, "needs root, iproute2 and bubblewrap, and the right to make namespaces"))
struct PodTests {
  private let scratch: TemporaryFolder
  private let models: String

  init() throws {
    scratch = try TemporaryFolder()
    models = try scratch.makeFamily()
  }

  @Test func aRunThatIsEvictedGoesOnInTheNextPodToTheSameBits() throws {
    let node = try Node(Manifests("small", in: scratch), models: models, in: scratch)
    let evicted = try node.start("coordinator")
    #expect(evicted.waitForError("listening on"), "\(evicted.stderr)")
    #expect(try node.get("/healthz") == "200\n")
    #expect(try node.get("/metrics") == "200\n")
    evicted.send(SIGTERM)
    #expect(evicted.wait() == 143, "another pod takes over")

    // The worker is there first and waits; another is told to go meanwhile.
    let (worker, other) = (try node.start("worker"), try node.start("worker"))
    defer { for pod in [worker, other] { pod.send(SIGTERM) } }
    #expect(worker.waitForError("connecting") && other.waitForError("connecting"), "\(worker.stderr)")
    other.send(SIGTERM)
    #expect(other.wait() == 143, "not finished: the pool gets another")
    let coordinator = try node.start("coordinator")
    try #require(coordinator.wait() == 0, "\(coordinator.stderr)")
    #expect(worker.wait() == 0, "the pool is complete: \(worker.stderr)")
    try expectUndisturbed(node)
  }

  @Test func theLargeOverlayRunsToTheSameBits() throws {
    let node = try Node(Manifests("large", in: scratch), models: models, in: scratch)
    // Shards that are verified want two workers.
    let workers = try (0..<2).map { _ in try node.start("worker") }
    defer { for worker in workers { worker.send(SIGTERM) } }
    for worker in workers { #expect(worker.waitForError("connecting"), "\(worker.stderr)") }
    let coordinator = try node.start("coordinator")
    try #require(coordinator.wait() == 0, "\(coordinator.stderr)")
    let ends = workers.map { $0.leave() }
    #expect(ends.allSatisfy { [0, 143].contains($0) }, "\(ends)")
    try expectUndisturbed(node)
  }

  @Test func aWorkerThatIsTakenOffTheListInTheSecretIsKeptOut() throws {
    let node = try Node(Manifests("small", in: scratch), models: models, in: scratch)
    let coordinator = try node.start("coordinator")
    #expect(coordinator.waitForError("listening on"), "\(coordinator.stderr)")
    try node.replace("modeltree-coordinator", "allowed-workers", with: "# nobody\n")
    func log() -> String { (try? String(contentsOfFile: "\(node.runs)/run/run.log", encoding: .utf8)) ?? "" }
    #expect(eventually { log().contains("the list of workers changed") })
    let worker = try node.start("worker")
    #expect(worker.wait() == 64, "\(worker.stderr)")
    coordinator.send(SIGTERM)
    #expect(coordinator.wait() == 143)
  }

  /// The results that hold no paths, for a pod's models lie elsewhere.
  private func expectUndisturbed(_ node: Node) throws {
    _ = try scratch.undisturbed(models)
    for name in ["results.h5", "edges.csv", "tree.nwk", "tree.dot"] {
      let bytes = try ["\(node.runs)/run", scratch.at("undisturbed")].map {
        try Data(contentsOf: URL(fileURLWithPath: "\($0)/\(name)"))
      }
      #expect(bytes[0] == bytes[1], "\(name)")
    }
  }
}
