import Foundation
import Kernels
import TestPrograms
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
    let process = try Running(
      URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path,
      [
        "--testing-library", "swift-testing", "--filter",
        "KernelsTests.(ComparisonTests|ShrinkageTests|LineageKernelTests|SpectrumTests)",
      ],
      environment: ["MODELTREE_ISA": name])
    let status = process.wait()
    let text = process.stdout + process.stderr
    #expect(status == 0, "\(text.suffix(4000))")
    #expect(text.contains("instruction set \(name)"), "\(text.suffix(4000))")
  }
}
