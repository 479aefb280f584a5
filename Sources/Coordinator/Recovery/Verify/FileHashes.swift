internal import Dispatch
internal import Reports
internal import Storage
internal import Synchronization
internal import System

/// SHA-256 of whole files, several at once.
enum FileHashes {
  /// Hashes the files of all models.
  ///
  /// - Throws: `Failure` (bad input) when a file cannot be read.
  static func add(to record: inout RunRecord) throws(Failure) {
    let paths = Array(Set(record.models.flatMap { $0.sources ?? [] }.map(\.path))).sorted()
    let hashes = try of(paths)
    for model in record.models.indices {
      guard var sources = record.models[model].sources else { continue }
      for index in sources.indices { sources[index].sha256 = hashes[sources[index].path] }
      record.models[model].sources = sources
    }
  }

  /// - Returns: 64 hexadecimal digits for each path.
  static func of(_ paths: [String]) throws(Failure) -> [String: String] {
    let found = Mutex<[String: Result<String, Failure>]>([:])
    DispatchQueue.concurrentPerform(iterations: paths.count) { index in
      let result: Result<String, Failure>
      do throws(Failure) {
        result = .success(try WeightFile(path: paths[index]).sha256())
      } catch {
        result = .failure(error)
      }
      found.withLock { $0[paths[index]] = result }
    }
    var hashes: [String: String] = [:]
    for (path, result) in found.withLock({ $0 }).sorted(by: { $0.key < $1.key }) { hashes[path] = try result.get() }
    return hashes
  }
}
