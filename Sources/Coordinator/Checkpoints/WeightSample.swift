internal import Core
internal import Dispatch
internal import Storage
internal import Synchronization
package import System

/// A fingerprint of a few of a model's weights: enough to notice that a file was replaced by one of the same size,
/// time and header, at a cost that does not grow with the model.
package enum WeightSample {
  /// Pieces per file, spread evenly from the first weight to the last.
  static let pieces = 8
  /// Bytes of a piece.
  static let pieceBytes = 4096

  /// Fingerprints of the models' samples, in order; read by several threads at once.
  ///
  /// - Throws: `Failure` when a file cannot be read or ends too early.
  package static func fingerprints(of models: [ModelRecord]) throws(Failure) -> [String] {
    let found = Mutex<[Result<String, Failure>?]>(Array(repeating: nil, count: models.count))
    DispatchQueue.concurrentPerform(iterations: models.count) { index in
      let result: Result<String, Failure>
      do throws(Failure) {
        result = .success(try fingerprint(of: models[index]))
      } catch {
        result = .failure(error)
      }
      found.withLock { $0[index] = result }
    }
    var fingerprints: [String] = []
    for result in found.withLock({ $0 }) {
      guard let result else { continue }
      fingerprints.append(try result.get())
    }
    return fingerprints
  }

  /// - Returns: 64 hexadecimal digits, of SHA-256.
  static func fingerprint(of model: ModelRecord) throws(Failure) -> String {
    var extents: [String: Range<Int>] = [:]
    var files: [String] = []
    for array in model.tensors.flatMap(\.arrays) {
      let own = array.offset..<array.offset + array.bytes
      if let known = extents[array.file] {
        extents[array.file] =
          min(known.lowerBound, own.lowerBound)..<max(known.upperBound, own.upperBound)
      } else {
        files.append(array.file)
        extents[array.file] = own
      }
    }
    var print = SHA256()
    var piece = [UInt8](repeating: 0, count: pieceBytes)
    for path in files {
      guard let extent = extents[path] else { continue }
      let file = try WeightFile(path: path)
      for place in places(in: extent) {
        let count = min(pieceBytes, extent.upperBound - place)
        let outcome = piece.withUnsafeMutableBytes { bytes -> Result<Void, Failure> in
          do throws(Failure) {
            try file.read(
              into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]), at: place, what: "weights")
            return .success(())
          } catch {
            return .failure(error)
          }
        }
        try outcome.get()
        piece[..<count].withUnsafeBytes { print.add($0) }
      }
    }
    return print.digest.text
  }

  /// Where the pieces start. An extent that is no longer than all pieces together is read whole.
  static func places(in extent: Range<Int>) -> [Int] {
    guard extent.count > pieces * pieceBytes else {
      return Array(stride(from: extent.lowerBound, to: extent.upperBound, by: pieceBytes))
    }
    let last = extent.count - pieceBytes
    let (step, rest) = last.quotientAndRemainder(dividingBy: pieces - 1)
    return (0..<pieces).map { extent.lowerBound + step * $0 + rest * $0 / (pieces - 1) }
  }
}
