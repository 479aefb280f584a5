import CLibFuzzer
import Glibc

// Feeds one reader of outside data with bytes that libFuzzer thinks of: modeltree-fuzz TARGET [OPTION...] [FOLDER...],
// with libFuzzer's options. Without a target the names of all are printed. scripts/fuzz builds and runs it.

/// libFuzzer's callback is a function of C and holds nothing.
nonisolated(unsafe) private var body: (UnsafeRawBufferPointer) -> Void = { _ in }

guard CommandLine.arguments.count > 1 else {
  for target in FuzzTarget.all { print(target.name) }
  exit(0)
}
guard let target = FuzzTarget.all.first(where: { $0.name == CommandLine.arguments[1] }) else {
  print("no such target; without arguments, all are listed")
  exit(64)
}
body = try target.make()
var arguments: [UnsafeMutablePointer<CChar>?] = ([CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2))
  .map { strdup($0) }
var count = Int32(arguments.count)
arguments.append(nil)
arguments.withUnsafeMutableBufferPointer { buffer in
  var start = buffer.baseAddress
  let status = LLVMFuzzerRunDriver(&count, &start) { data, size in
    body(UnsafeRawBufferPointer(start: data, count: size))
    return 0
  }
  exit(status)
}
