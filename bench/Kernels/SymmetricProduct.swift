import COpenBLAS
import Foundation
import Glibc

/// OpenBLAS's product of a block with itself, on one thread: the system's, and those that Python packages bring along.
///
/// Builds differ by factors, so the kernels are held against the fastest of them on this processor. Each chooses its own
/// kernels for it; what it chose is named.
struct SymmetricProduct: Sendable {
  /// File of the library and the processor that its kernels are for.
  let name: String
  /// The upper half of the n x n products of the rows of a row-major block of n x width numbers.
  let multiply: Multiply

  typealias Multiply =
    @Sendable (_ block: UnsafePointer<Float>, _ n: Int, _ width: Int, _ products: UnsafeMutablePointer<Float>) -> Void

  private typealias SetThreads = @convention(c) (Int32) -> Void
  private typealias CoreName = @convention(c) () -> UnsafePointer<CChar>?
  /// `cblas_ssyrk` with integers of 32 bits, as the system's library has them.
  private typealias Narrow =
    @convention(c) (
      UInt32, UInt32, UInt32, Int32, Int32, Float, UnsafePointer<Float>, Int32, Float, UnsafeMutablePointer<Float>,
      Int32
    ) -> Void
  /// The same with integers of 64 bits, as numpy's has them.
  private typealias Wide =
    @convention(c) (
      UInt32, UInt32, UInt32, Int, Int, Float, UnsafePointer<Float>, Int, Float, UnsafeMutablePointer<Float>, Int
    ) -> Void

  private static let (rowMajor, upper, noTranspose) = (UInt32(101), UInt32(121), UInt32(111))

  /// The system's library, and those whose paths are in KERNEL_BENCH_OPENBLAS, between colons.
  static let all: [SymmetricProduct] = {
    openblas_set_num_threads(1)
    let own = SymmetricProduct(name: "system, \(String(cString: openblas_get_corename()))") {
      block, n, width, products in
      cblas_ssyrk(
        CblasRowMajor, CblasUpper, CblasNoTrans, Int32(n), Int32(width), 1, block, Int32(width), 0, products, Int32(n))
    }
    let paths = ProcessInfo.processInfo.environment["KERNEL_BENCH_OPENBLAS"] ?? ""
    return [own] + paths.split(separator: ":").map { SymmetricProduct(path: String($0)) }
  }()

  private init(name: String, multiply: @escaping Multiply) {
    self.name = name
    self.multiply = multiply
  }

  /// - Parameter path: of a library of the package scipy-openblas, whose names have a prefix, and a suffix where integers
  ///   have 64 bits.
  private init(path: String) {
    guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      fatalError("cannot load '\(path)': \(dlerror().map { String(cString: $0) } ?? "no reason given")")
    }
    for (suffix, isWide) in [("64_", true), ("", false)] {
      guard let product = dlsym(library, "scipy_cblas_ssyrk\(suffix)"),
        let setThreads = dlsym(library, "scipy_openblas_set_num_threads\(suffix)"),
        let coreName = dlsym(library, "scipy_openblas_get_corename\(suffix)")
      else { continue }
      unsafeBitCast(setThreads, to: SetThreads.self)(1)
      let core = unsafeBitCast(coreName, to: CoreName.self)().map { String(cString: $0) } ?? "unknown"
      let name = "\((path as NSString).lastPathComponent), \(core)"
      if isWide {
        let wide = unsafeBitCast(product, to: Wide.self)
        self.init(name: name) { block, n, width, products in
          wide(Self.rowMajor, Self.upper, Self.noTranspose, n, width, 1, block, width, 0, products, n)
        }
      } else {
        let narrow = unsafeBitCast(product, to: Narrow.self)
        self.init(name: name) { block, n, width, products in
          let (rows, columns) = (Int32(n), Int32(width))
          narrow(Self.rowMajor, Self.upper, Self.noTranspose, rows, columns, 1, block, columns, 0, products, rows)
        }
      }
      return
    }
    fatalError("'\(path)' has no scipy_cblas_ssyrk")
  }
}
