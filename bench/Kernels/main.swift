import CKernels
import COpenBLAS
import Core
import Foundation
import Kernels
import Lineage
import System

// Measures the kernels against what the same machine can do: the pairwise sums against OpenBLAS's
// `ssyrk` on the same block, the whole pass over few models against a plain read of the block, and
// the centre's algorithms at 10,000 models. One JSON object a line.

let seconds = ProcessInfo.processInfo.environment["KERNEL_BENCH_SECONDS"].flatMap(Double.init) ?? 0.4
let sections = Set(CommandLine.arguments.dropFirst())
let all = sections.isEmpty
if all || sections.contains("pairs") { measurePairs() }
if all || sections.contains("pass") { measurePass() }
if all || sections.contains("centre") { measureCentre() }
