import Foundation
import TestSeed
import Kernels
import Testing

/// The instruction set is chosen once per process, so every other one is tested in a process of
/// its own: this same test program, with `MODELTREE_ISA` set.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["MODELTREE_ISA"] == nil))
struct InstructionSetTests {
  /// Those below the one that this processor has.
  static var others: [String] {
    let all = ["portable", "avx2", "avx512"]
    return Array(all.prefix { $0 != ShardAccumulator.instructionSet })
  }

  @Test(arguments: others)
  func theOtherInstructionSetsPassTheSameComparison(name: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = [
      "--testing-library", "swift-testing", "--filter", "KernelsTests.(ComparisonTests|ShrinkageTests|LineageKernelTests|SpectrumTests)",
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(["MODELTREE_ISA": name]) { $1 }
    let output = FileManager.default.temporaryDirectory
      .appendingPathComponent("modeltree-\(UUID().uuidString).txt")
    #expect(FileManager.default.createFile(atPath: output.path, contents: nil))
    defer { try? FileManager.default.removeItem(at: output) }
    let handle = try FileHandle(forWritingTo: output)
    process.standardOutput = handle
    process.standardError = handle
    try Spawning.alone { try process.run() }
    process.waitUntilExit()
    let text = try String(contentsOf: output, encoding: .utf8)
    #expect(process.terminationStatus == 0, "\(text.suffix(4000))")
    #expect(text.contains("instruction set \(name)"), "\(text.suffix(4000))")
  }
}
