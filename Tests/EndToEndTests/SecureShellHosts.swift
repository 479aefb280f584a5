import Foundation
import TestPrograms
import TestSupport
import Testing

/// Hosts that can be reached over ssh: on this machine, but behind real sshds with keys and a configuration of
/// their own. `bare` has no modeltree-worker.
final class SecureShellHosts {
  private let scratch: TemporaryFolder
  private var daemons: [Daemon] = []

  /// Where hosts keep what is of short life.
  let temporary: String
  /// What launch gets to find them.
  var environment: [String: String] {
    [
      "MODELTREE_SSH_OPTIONS": "-F \(scratch.at("ssh_config"))",
      "PATH": "\(Program.root)/.build/release:\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")",
    ]
  }

  init() throws {
    scratch = try TemporaryFolder()
    temporary = scratch.at("tmp")
    try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
    for name in ["host", "user"] {
      try Program.run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", scratch.at(name)])
    }
    let ports = try freePorts(2)
    for (port, path) in zip(ports, ["\(Program.root)/.build/release:/usr/bin:/bin", "/usr/bin:/bin"]) {
      try scratch.write(
        """
        Port \(port)
        ListenAddress 127.0.0.1
        HostKey \(scratch.at("host"))
        AuthorizedKeysFile \(scratch.at("user.pub"))
        PidFile none
        StrictModes no
        UsePAM no
        PasswordAuthentication no
        SetEnv TMPDIR=\(temporary) MODELTREE_TEST_PATH=\(path)
        ForceCommand PATH=$MODELTREE_TEST_PATH; unset XDG_RUNTIME_DIR; eval "$SSH_ORIGINAL_COMMAND"

        """, to: "sshd-\(port)")
      // As root it keeps a folder for parts without rights.
      if getuid() == 0 {
        try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
      }
      let daemon = try Daemon(Self.daemon, ["-D", "-e", "-f", scratch.at("sshd-\(port)")])
      daemons.append(daemon)
      #expect(daemon.waitForError("Server listening"), "\(daemon.stderr)")
    }
    let key = try String(contentsOfFile: scratch.at("host.pub"), encoding: .utf8)
    try scratch.write(ports.map { "[127.0.0.1]:\($0) \(key)" }.joined(), to: "known")
    try scratch.write(
      """
      Host bare
        Port \(ports[1])
      Host node-*
        Port \(ports[0])
      Host bare node-*
        HostName 127.0.0.1
      Host *
        IdentityFile \(scratch.at("user"))
        IdentitiesOnly yes
        UserKnownHostsFile \(scratch.at("known"))

      """, to: "ssh_config")
  }

  deinit { for daemon in daemons { daemon.stop() } }

  private static let daemon = "/usr/sbin/sshd"

  static let isInstalled = [daemon, "/usr/bin/ssh", "/usr/bin/ssh-keygen"]
    .allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
}
