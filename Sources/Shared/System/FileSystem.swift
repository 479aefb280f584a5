internal import CLinux
internal import Glibc

/// Pseudo file systems: what the kernel says of itself.
package enum FileSystem {
  /// Types as statfs(2) lists them.
  private static let names: [Int: String] = [
    0x9fa0: "proc", 0x6265_6572: "sysfs", 0x0027_e0eb: "cgroup", 0x6367_7270: "cgroup2", 0x6462_6720: "debugfs",
    0x7472_6163: "tracefs", 0x7363_6673: "securityfs", 0xcafe_4a11: "bpf", 0x1cd1: "devpts", 0x6265_6570: "configfs",
    0xf97c_ff8c: "selinuxfs", 0x6165_676c: "pstore", 0xde5e_81e4: "efivarfs", 0x1980_0202: "mqueue",
    0x4249_4e4d: "binfmt_misc", 0x6573_5543: "fusectl",
  ]

  /// The name of the file system that a path lies on, after following links, where it is one of the kernel's: it may
  /// have names without end, and reading some of its files does things. nil for all others.
  package static func ofKernel(_ path: String) -> String? {
    var facts = statfs()
    guard statfs(path, &facts) == 0 else { return nil }
    // Half of the types have their highest bit set, and the field may be narrower than `Int`.
    return names[Int(facts.f_type) & 0xffff_ffff]
  }
}
