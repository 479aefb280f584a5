internal import Fingerprints
package import System

/// Adds the models of some registries to another one.
package struct RegistryMerge: Sendable, Equatable {
  package var added = 0
  /// Models that were there already.
  package var known = 0
  /// What cannot be read, and why.
  package var damaged: [String] = []

  /// - Parameters:
  ///   - paths: of registries, which are not changed.
  ///   - target: a registry that is made where there is none.
  /// - Throws: `Failure`: something is not a registry, or the target cannot be written to.
  package init(_ paths: [String], into target: String) throws(Failure) {
    // Before anything is made.
    let readers = try paths.map { path throws(Failure) in try RegistryReader(path) }
    let writer = try RegistryWriter(target)
    var problems: [Failure] = []
    for reader in readers {
      try reader.eachEntry(damaged: { problems.append($0) }) { entry, source throws(Failure) in
        let fingerprint: ModelFingerprint
        do throws(Failure) {
          fingerprint = try source.fingerprint()
        } catch {
          problems.append(error)
          return
        }
        if try writer.add(entry, fingerprint) { added += 1 } else { known += 1 }
      }
    }
    damaged = problems.map(\.message)
  }
}
