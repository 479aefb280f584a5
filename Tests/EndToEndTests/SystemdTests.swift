import Foundation
import TestPrograms
import TestSupport
import Testing

private enum Systemd {
  static let analyze = "/usr/bin/systemd-analyze"

  /// Whether this system can judge units and load filters.
  static let isAllowed: Bool = {
    guard geteuid() == 0, FileManager.default.isExecutableFile(atPath: analyze) else { return false }
    let probe = "import ctypes; ctypes.CDLL('libseccomp.so.2')"
    return (try? Program.run(Program.python, ["-c", probe]).status) == 0
  }()
}

/// The units of deploy/systemd: systemd understands them, and the programs live below their filters.
@Suite(.enabled(if: Systemd.isAllowed, "needs root, systemd-analyze and libseccomp"))
struct SystemdTests {
  private static let folder = "\(Program.root)/deploy/systemd"
  private static let units = ["modeltree-coordinator@.service", "modeltree-worker.service"]
  private let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  @Test(arguments: units) func systemdUnderstandsAndFindsItConfined(unit: String) throws {
    // Where the programs are not installed, systemd would complain of just that.
    let text = try String(contentsOfFile: "\(Self.folder)/\(unit)", encoding: .utf8)
      .replacing("/usr/local/bin/", with: "\(Program.root)/.build/release/")
    try scratch.write(text, to: unit)
    let verified = try Program.run(Systemd.analyze, ["verify", "--man=no", scratch.at(unit)])
    #expect(verified.status == 0 && verified.stderr.isEmpty, "\(verified.stderr)")
    // In tenths, of 100; a unit without any of it has 96.
    let security = try Program.run(
      Systemd.analyze, ["security", "--offline=true", "--threshold=15", scratch.at(unit)])
    #expect(security.status == 0, "\(security.stdout.suffix(200))")
  }

  @Test(arguments: units) func theFiltersHold(unit: String) throws {
    let script = """
      import mmap, os, socket
      def refused(action):
        try: action()
        except OSError: return True
      assert refused(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
      assert refused(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC))
      assert refused(lambda: os.chroot("/"))
      assert not refused(lambda: socket.socket(socket.AF_INET))
      print("held")
      """
    let output = try Program.run(
      Program.python,
      ["\(Program.root)/Tests/Oracle/confined.py", "\(Self.folder)/\(unit)", "--", Program.python, "-c", script])
    #expect(output.stdout == "held\n", "\(output.stderr)")
  }

  @Test func aRunBelowTheFiltersGoesOnAfterAStopToTheSameBits() throws {
    let models = try scratch.makeFamily()
    let user = 10001
    let keys = scratch.at("keys")
    #expect(try Program.run(Program.modeltree, ["keygen", keys]).status == 0)
    let prepare = """
      set -e; cd "$1"; mkdir runs credentials; cp keys/worker.key credentials; chown -R "$2" keys runs credentials models
      chmod 400 credentials/worker.key
      """
    #expect(try Program.run("/bin/sh", ["-c", prepare, "sh", scratch.path, "\(user)"]).status == 0)
    func start(_ unit: String, _ example: String, _ settings: [String]) throws -> Running {
      try Running(
        Program.python,
        [
          "\(Program.root)/Tests/Oracle/confined.py", "\(Self.folder)/\(unit)", "--user", "\(user)",
          "--environment", "\(Self.folder)/\(example)", "--credentials", scratch.at("credentials"),
          "--map", "/usr/local/bin=\(Program.root)/.build/release", "--map", "/etc/modeltree/keys=\(keys)",
        ] + settings.flatMap { ["--set", $0] })
    }
    func coordinator(port: String) throws -> Running {
      try start(
        Self.units[0], "run.env.example",
        [
          "MODELS=\(models)", "RUNS=\(scratch.at("runs"))", "LISTEN=tcp://127.0.0.1:\(port)",
          "HTTP=127.0.0.1:0", "OPTIONS=--worker-timeout 30",
        ])
    }
    let first = try coordinator(port: "*")
    #expect(first.waitForError("listening on"), "\(first.stderr)")
    let port = String(try #require(first.stderr.firstMatch(of: /listening on tcp:\/\/127.0.0.1:(\d+)/)).1)
    first.send(SIGTERM)
    #expect(first.wait() == 75, "what RestartForceExitStatus= waits for")

    let worker = try start(
      Self.units[1], "worker.env.example", ["CONNECT=tcp://localhost:\(port)"])
    defer { worker.send(SIGTERM) }
    let second = try coordinator(port: port)
    try #require(second.wait() == 0, "\(second.stderr)")
    #expect(worker.wait() == 0, "\(worker.stderr)")
    #expect(try results(scratch.at("runs/run")) == scratch.undisturbed(models))
  }

  /// Beside whatever else runs on the host, and without taking its memory.
  @Test func aWorkerLeavesRoomForOthers() throws {
    let text = try String(contentsOfFile: "\(Self.folder)/modeltree-worker.service", encoding: .utf8)
    func setting(_ name: String) throws -> Int {
      let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(name)=") }, "\(name)")
      return try #require(Int(line.dropFirst(name.count + 1).filter { $0 != "%" }))
    }
    #expect(try setting("Nice") > 0)
    #expect(try setting("CPUWeight") < 100 && setting("IOWeight") < 100, "100 is everybody's weight")
    #expect(try 1..<100 ~= setting("MemoryMax"))
  }

  @Test func theUserIsOneThatSystemdMakes() throws {
    let output = try Program.run("/usr/bin/systemd-sysusers", ["--dry-run", "\(Self.folder)/modeltree.conf"])
    #expect(output.status == 0, "\(output.stderr)")
    for unit in Self.units {
      let text = try String(contentsOfFile: "\(Self.folder)/\(unit)", encoding: .utf8)
      #expect(text.contains("\nUser=modeltree\n"))
    }
  }
}
