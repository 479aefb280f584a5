package import System

/// Reads what files of one format say of their tensors.
package protocol CheckpointReader: Sendable {
  /// Is this how a file of the format begins?
  ///
  /// - Parameters:
  ///   - head: its first 512 bytes, or all of a shorter file.
  ///   - fileBytes: its length.
  static func recognizes(_ head: [UInt8], fileBytes: Int) -> Bool

  /// - Throws: `Failure` (bad input) that names the file, the tensor, what was found and what was expected.
  static func read(_ path: String) throws(Failure) -> CheckpointFile
}
