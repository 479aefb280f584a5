import Foundation
import TestPrograms
import Testing

/// The shell's own pitfalls are not in our scripts.
@Suite struct ShellTests {
  private static let tool = "/usr/bin/shellcheck"

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: tool), "needs shellcheck"))
  func shellcheckHasNothingToSay() throws {
    let scripts = try ["deploy", "scripts", ".ci"].flatMap { folder in
      try FileManager.default.subpathsOfDirectory(atPath: "\(Program.root)/\(folder)")
        .map { "\(Program.root)/\(folder)/\($0)" }
    }.filter { path in
      guard let file = FileHandle(forReadingAtPath: path) else { return false }
      let start = String(decoding: (try? file.read(upToCount: 40)) ?? Data(), as: UTF8.self)
      return start.contains(/^#!.*\b(ba)?sh\b/)
    }
    #expect(scripts.contains { $0.hasSuffix("deploy/ssh/launch") } && scripts.count >= 5, "\(scripts)")
    let output = try Program.run(Self.tool, scripts)
    #expect(output.status == 0, "\(output.stdout)")
    // It would have something to say.
    #expect(try Program.run(Self.tool, ["-"], input: "#!/bin/sh\nrm -r $1\n").status != 0)
  }
}
