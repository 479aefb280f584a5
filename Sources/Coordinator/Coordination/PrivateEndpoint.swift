internal import Core
internal import Foundation
internal import Glibc
internal import System

/// An ipc endpoint in a folder that only this user may enter; removed with this object.
final class PrivateEndpoint {
  private let folder: String

  var text: String { "ipc://\(folder)/workers" }

  init() throws(Failure) {
    // Socket paths are limited to 107 bytes, so the run directory is no place for them.
    var template = Array("\(NSTemporaryDirectory())modeltree-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw .cannotWrite(
        "cannot make a folder in '\(NSTemporaryDirectory())': \(String(cString: strerror(errno)))",
        advice: "set TMPDIR to a folder that you may write to")
    }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }
}
