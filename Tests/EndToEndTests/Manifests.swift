import Foundation
import TestPrograms
import TestSupport
import Testing

/// The manifests of an overlay with fresh keys, as `kubectl kustomize` prints them.
struct Manifests {
  let rendered: String

  init(_ overlay: String, in scratch: TemporaryFolder) throws {
    let folder = scratch.at("kubernetes-\(overlay)")
    try FileManager.default.copyItem(atPath: "\(Program.root)/deploy/kubernetes", toPath: folder)
    let keys = "\(folder)/components/keys/keys"
    #expect(try Program.run(Program.modeltree, ["keygen", keys]).status == 0, "into the folder that the comment names")
    rendered = scratch.at("\(overlay).yaml")
    let output = try Program.run(Self.kubectl, ["kustomize", "\(folder)/overlays/\(overlay)"])
    #expect(output.status == 0 && output.stderr.isEmpty, "\(output.stderr)")
    try scratch.write(output.stdout, to: "\(overlay).yaml")
  }

  /// From the Python package that carries it; Debian's is too old for components.
  private static let kubectl = URL(fileURLWithPath: Program.python).deletingLastPathComponent().path + "/kubectl"
}

/// A node with one network, on which pods of the manifests run with everything that the manifests say of them.
final class Node {
  private let manifests: Manifests
  private let scratch: TemporaryFolder
  private let models: String
  let runs: String
  private let network = "mt\(UInt32.random(in: 0...UInt32.max))"

  init(_ manifests: Manifests, models: String, in scratch: TemporaryFolder) throws {
    self.manifests = manifests
    self.scratch = scratch
    self.models = models
    runs = scratch.at("runs")
    for name in ["runs", "volumes", "programs"] {
      try FileManager.default.createDirectory(atPath: scratch.at(name), withIntermediateDirectories: true)
    }
    // What the image holds. The scratch folder is where the pod's user may look.
    for source in [Program.modeltree, Program.worker, "\(Program.root)/deploy/container/as-job"] {
      let name = (source as NSString).lastPathComponent
      try FileManager.default.copyItem(atPath: source, toPath: scratch.at("programs/\(name)"))
    }
    // The models of the tests are their owner's alone.
    #expect(try Program.run("/bin/chmod", ["-R", "a+rX", models]).status == 0)
    for command in [["netns", "add", network], ["-n", network, "link", "set", "lo", "up"]] {
      #expect(try Program.run(Self.ip, command).status == 0)
    }
  }

  deinit { _ = try? Program.run(Self.ip, ["netns", "del", network]) }

  func start(_ component: String) throws -> Running {
    try Running(
      Program.python,
      [
        "\(Program.root)/Tests/Oracle/pod.py", manifests.rendered, component, "--models", models, "--runs", runs,
        "--volumes", scratch.at("volumes"), "--programs", scratch.at("programs"), "--network", network,
      ])
  }

  /// The first line of an answer, asked from the same network.
  func get(_ path: String) throws -> String {
    let script = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8080\(path)', timeout=300).status)"
    return try Program.run(Self.ip, ["netns", "exec", network, Program.python, "-c", script]).stdout
  }

  /// Exchanges what a Secret holds, as the kubelet does: a new folder, then one link.
  func replace(_ secret: String, _ name: String, with text: String) throws {
    let place = scratch.at("volumes/\(secret)")
    let script = """
      set -e; cd "$1"; cp -a ..2026_01_01 ..2026_01_02; printf '%s' "$3" >"..2026_01_02/$2"
      ln -s ..2026_01_02 ..next; mv -T ..next ..data; rm -r ..2026_01_01
      """
    #expect(try Program.run("/bin/sh", ["-c", script, "sh", place, name, text]).status == 0)
  }

  private static let ip = "/usr/sbin/ip"

  /// Whether this system lets us make pods.
  static let isAllowed: Bool = {
    let tools = [ip, "/usr/bin/bwrap", "/usr/bin/setpriv"]
    guard geteuid() == 0, tools.allSatisfy({ FileManager.default.isExecutableFile(atPath: $0) }) else { return false }
    let name = "mt\(UInt32.random(in: 0...UInt32.max))"
    guard (try? Program.run(ip, ["netns", "add", name]).status) == 0 else { return false }
    _ = try? Program.run(ip, ["netns", "del", name])
    return (try? Program.run("/usr/bin/bwrap", ["--ro-bind", "/", "/", "true"]).status) == 0
  }()
}
