import CKernels
import Core
import Foundation
import Kernels
import Lineage
import System

// Compares the kernels with what the machine can do: the pairwise sums with the fastest OpenBLAS's `ssyrk` on the same
// block, and the whole pass over few models with a plain read of the block, or with the pass over F16 where weights are
// decoded first; and measures the coordinator's algorithms at 10,000 models.
// Prints one JSON object per line.

let seconds = ProcessInfo.processInfo.environment["KERNEL_BENCH_SECONDS"].flatMap(Double.init) ?? 0.4
let sections = Set(CommandLine.arguments.dropFirst())
let all = sections.isEmpty
if all || sections.contains("pairs") { measurePairs() }
if all || sections.contains("pass") { measurePass() }
if all || sections.contains("encoded") { measureEncoded() }
if all || sections.contains("centre") { measureCentre() }
