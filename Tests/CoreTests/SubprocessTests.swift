import Core
import Foundation
import System
import TestPrograms
import Testing

@Suite struct SubprocessTests {
  private func shell(_ script: String, input: String = "", _ environment: [String: String] = [:]) throws -> Running {
    try Running("/bin/sh", ["-c", script], input: input, environment: environment)
  }

  @Test func itGetsItsInputAndItsWordsAreKept() throws {
    let text = String(repeating: "a line of text\n", count: 100_000)
    let program = try shell("cat; echo \"$GREETING\" >&2; exit 3", input: text, ["GREETING": "good day"])
    #expect(program.wait() == 3)
    #expect(program.stdout == text && program.stderr == "good day\n")
  }

  @Test func aSignalThatEndsItIsTold() throws {
    let program = try shell("echo ready >&2; exec sleep infinity")
    #expect(program.waitForError("ready"))
    #expect(program.isRunning)
    program.send(SIGTERM)
    #expect(program.wait() == 128 + SIGTERM)
    #expect(!program.isRunning)
  }

  /// As a coordinator of a thousand workers has them; some marked to stay open, as HDF5's files are.
  @Test func manyOpenFilesStayHere() throws {
    FileLimit.raise()
    var files: [Int32] = []
    defer { for file in files { close(file) } }
    for _ in 0..<2000 { files.append(open("/dev/null", O_RDONLY)) }
    try #require(files.allSatisfy { $0 >= 0 }, "no room for 2,000 open files")
    // The last is the folder that ls reads.
    let program = try Running("/bin/ls", ["/proc/self/fd"])
    #expect(program.wait() == 0)
    #expect(program.stdout == "0\n1\n2\n3\n")
  }

  @Test func whatWritesToAClosedPipeEnds() throws {
    signal(SIGPIPE, SIG_IGN)
    let program = try Running("/bin/bash", ["-c", "yes | head -1; exit ${PIPESTATUS[0]}"])
    #expect(program.wait() == 128 + SIGPIPE && program.stdout == "y\n")
  }

  @Test func whatIsNotThereIsNamed() throws {
    let failure = #expect(throws: Failure.self) { try Subprocess("/no/such/program", [], environment: [:]) }
    #expect(failure?.message.contains("/no/such/program") == true)
    #expect(failure?.message.contains("No such file") == true)
  }
}
