internal import Glibc
package import System

/// LAPACK's singular values, the routines that numpy calls, and BLAS's products of matrices, as OpenBLAS implements them.
///
/// Loaded only when ranks are wanted: most runs do without, and loading it takes about as long as comparing a few
/// small models, and starts threads that spin beside the workers.
package enum OpenBLAS {
  /// `sgesdd_` of LAPACK, which has no header of its own.
  typealias SingularValues =
    @convention(c) (
      _ job: UnsafePointer<CChar>, _ m: UnsafePointer<Int32>, _ n: UnsafePointer<Int32>,
      _ matrix: UnsafeMutablePointer<Float>, _ lead: UnsafePointer<Int32>, _ values: UnsafeMutablePointer<Float>,
      _ u: UnsafeMutablePointer<Float>, _ uLead: UnsafePointer<Int32>, _ v: UnsafeMutablePointer<Float>,
      _ vLead: UnsafePointer<Int32>, _ work: UnsafeMutablePointer<Float>, _ length: UnsafePointer<Int32>,
      _ positions: UnsafeMutablePointer<Int32>, _ info: UnsafeMutablePointer<Int32>
    ) -> Void

  /// `dgesdd_` of LAPACK.
  typealias Decomposition =
    @convention(c) (
      _ job: UnsafePointer<CChar>, _ m: UnsafePointer<Int32>, _ n: UnsafePointer<Int32>,
      _ matrix: UnsafeMutablePointer<Double>, _ lead: UnsafePointer<Int32>, _ values: UnsafeMutablePointer<Double>,
      _ u: UnsafeMutablePointer<Double>, _ uLead: UnsafePointer<Int32>, _ v: UnsafeMutablePointer<Double>,
      _ vLead: UnsafePointer<Int32>, _ work: UnsafeMutablePointer<Double>, _ length: UnsafePointer<Int32>,
      _ positions: UnsafeMutablePointer<Int32>, _ info: UnsafeMutablePointer<Int32>
    ) -> Void

  /// `dgemm_` of BLAS.
  typealias Product =
    @convention(c) (
      _ turnA: UnsafePointer<CChar>, _ turnB: UnsafePointer<CChar>, _ m: UnsafePointer<Int32>,
      _ n: UnsafePointer<Int32>, _ k: UnsafePointer<Int32>, _ alpha: UnsafePointer<Double>,
      _ a: UnsafePointer<Double>, _ leadA: UnsafePointer<Int32>, _ b: UnsafePointer<Double>,
      _ leadB: UnsafePointer<Int32>, _ beta: UnsafePointer<Double>, _ c: UnsafeMutablePointer<Double>,
      _ leadC: UnsafePointer<Int32>
    ) -> Void

  private typealias SetThreads = @convention(c) (Int32) -> Void

  private static let names = ["libopenblas.so.0", "libopenblas.so"]

  struct Routines: Sendable {
    let singularValues: SingularValues
    let decomposition: Decomposition
    let product: Product
  }

  static var routines: Routines? { try? loaded.get() }

  /// The routines, or the reason why they are missing.
  private static let loaded: Result<Routines, Failure> = {
    guard let library = names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first,
      let singularValues = dlsym(library, "sgesdd_"), let decomposition = dlsym(library, "dgesdd_"),
      let product = dlsym(library, "dgemm_"), let setThreads = dlsym(library, "openblas_set_num_threads")
    else {
      let reason = dlerror().map { String(cString: $0) } ?? "it lacks a routine"
      return .failure(
        Failure(
          .unclassified, "computing ranks requires OpenBLAS, which could not be loaded: \(reason)",
          advice: "install libopenblas0, or choose a distance other than lora and mother-lora"))
    }
    // The matrices are small, and callers have threads of their own: OpenBLAS's would get in the way.
    unsafeBitCast(setThreads, to: SetThreads.self)(1)
    return .success(
      Routines(
        singularValues: unsafeBitCast(singularValues, to: SingularValues.self),
        decomposition: unsafeBitCast(decomposition, to: Decomposition.self),
        product: unsafeBitCast(product, to: Product.self)))
  }()

  /// Loads the library if it is not loaded yet.
  ///
  /// - Throws: `Failure` (unclassified) when it cannot be loaded.
  package static func require() throws(Failure) {
    _ = try loaded.get()
  }
}
