internal import Foundation
internal import Glibc
package import System

/// A registry on disk: `registry.json`, a lock, and numbered segments with an index each. docs/registry.md has the
/// layout.
package struct RegistryFolder: Sendable {
  package let path: String

  private struct Manifest: Codable {
    var format: String
    var version: Int
  }

  private static let format = "modeltree registry"
  /// Of the folder and its segments.
  package static let version = 1
  private static let manifestName = "registry.json"
  private static let mostManifestBytes = 4096

  /// - Parameter isMade: may the registry be new?
  /// - Throws: `Failure`: bad input when there is no registry, or one of another version; cannot write when it
  ///   cannot be made.
  package init(_ path: String, isMade: Bool = false) throws(Failure) {
    self.path = path
    let manifest = "\(path)/\(Self.manifestName)"
    if isMade, FileStatus(path: manifest) == nil { try Self.make(path, manifest) }
    let data: Data
    do {
      data = try BoundedFile.read(manifest, limit: Self.mostManifestBytes)
    } catch {
      throw .badInput(
        "'\(path.printable)' is not a registry: \(Self.manifestName): \(error)",
        advice: "make one with: modeltree fingerprint MODEL --registry \(path.printable)")
    }
    guard let found = try? JSONDecoder().decode(Manifest.self, from: data), found.format == Self.format else {
      throw .badInput(
        "'\(manifest.printable)' is not that of a registry", advice: "give the folder that 'modeltree fingerprint' made"
      )
    }
    guard found.version == Self.version else {
      throw .badInput(
        "the registry '\(path.printable)' has version \(found.version), this program reads and writes version \(Self.version)",
        advice: "use the modeltree that made it, or fingerprint the models again into another folder")
    }
  }

  private static func make(_ path: String, _ manifest: String) throws(Failure) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      let there = try FileManager.default.contentsOfDirectory(atPath: path).filter {
        !AtomicFile.isTemporary($0) && $0 != RegistryLock.name
      }
      guard there.isEmpty || there.contains(manifestName) else {
        throw Failure.cannotWrite(
          "'\(path.printable)' is not empty and no registry", advice: "name a new folder with --registry")
      }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw .cannotWrite(
        "cannot make the folder '\(path.printable)': \((error as NSError).localizedDescription)",
        advice: "choose a folder that you may write to")
    }
    // Of several that make it, one writes, and the others find it made.
    let lock = try RegistryLock(path)
    defer { withExtendedLifetime(lock) {} }
    guard FileStatus(path: manifest) == nil else { return }
    let text = JSONText.of(Manifest(format: format, version: version), style: [.pretty]) + "\n"
    try AtomicFile.write(text, to: manifest)
  }

  /// Numbers of the segments that are there, ascending.
  func segments() throws(Failure) -> [Int] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw .badInput(
        "cannot list '\(path.printable)': \((error as NSError).localizedDescription)",
        advice: "check that the folder may be read")
    }
    return names.compactMap { name -> Int? in
      guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix),
        let number = Int(name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count)),
        1...Self.mostSegments ~= number, name == self.name(number) + Self.suffix
      else { return nil }
      return number
    }.sorted()
  }

  /// Far more than the largest registries have. Files with other names are no segments.
  private static let mostSegments = 1 << 31

  private static let prefix = "segment-"
  private static let suffix = ".mtr"

  private func name(_ number: Int) -> String {
    let digits = String(number)
    return Self.prefix + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  func segment(_ number: Int) -> String { "\(path)/\(name(number))\(Self.suffix)" }

  func index(_ number: Int) -> String { "\(path)/\(name(number)).mti" }
}
