internal import Foundation

/// A folder of a test's own; removed with the last reference.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    // Resolved, because programs report the paths that they see.
    let parent = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
    path = parent.appendingPathComponent("modeltree-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of something inside.
  package func at(_ name: String) -> String { "\(path)/\(name)" }

  /// Makes a folder, and those above it.
  @discardableResult
  package func makeFolder(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: at(name), withIntermediateDirectories: true)
    return at(name)
  }

  @discardableResult
  package func write(_ bytes: [UInt8], to name: String) throws -> String {
    let file = at(name)
    let folder = (file as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  @discardableResult
  package func write(_ text: String, to name: String) throws -> String {
    try write(Array(text.utf8), to: name)
  }

  /// Writes a safetensors file.
  @discardableResult
  package func write(_ tensors: [TestTensor], to name: String) throws -> String {
    try write(Safetensors.encode(tensors), to: name)
  }

  package func read(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: at(name))))
  }

  package func text(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }

  package func permissions(of name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: at(name))
    return attributes[.posixPermissions] as? Int ?? 0
  }

  package func bytes(of name: String) throws -> Int { try read(name).count }

  package func link(_ name: String, to target: String) throws {
    let folder = (at(name) as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: at(name), withDestinationPath: target)
  }

  package func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: at(name)) }

  /// Sets the time of the last change.
  package func touch(_ name: String, secondsSince1970: Double) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: secondsSince1970)], ofItemAtPath: at(name))
  }

  package func setPermissions(_ permissions: Int, of name: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: at(name))
  }

  /// Cuts a file off where it lies.
  package func truncate(_ name: String, to bytes: Int) throws {
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: at(name)))
    try handle.truncate(atOffset: UInt64(bytes))
    try handle.close()
  }

  /// Names in a folder, sorted.
  package func names(in name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: at(name)).sorted()
  }
}
