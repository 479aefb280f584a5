internal import Core
internal import Foundation
internal import Glibc
internal import System

/// The list of workers that may connect, kept in step with its file.
package struct AllowedWorkers: Sendable {
  private struct Stamp: Equatable {
    var inode: UInt
    var bytes: Int
    var modified: Int
  }

  private let path: String
  private var stamp: Stamp?
  private var names: [PublicKey: String] = [:]
  /// Why nobody is allowed; nil while the list can be read.
  package private(set) var problem: String?

  package init(path: String) {
    self.path = path
    refresh()
  }

  package var count: Int { names.count }

  /// The worker's name; nil when the key is not, or no longer, on the list.
  package func name(of key: PublicKey) -> String? { names[key] }

  /// Reads the file again if it has changed. If it is missing or unreadable, nobody is allowed.
  ///
  /// - Returns: whether it changed.
  @discardableResult
  package mutating func refresh() -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else {
      defer { (stamp, names) = (nil, [:]) }
      problem = "'\(path.printable)': \(String(cString: strerror(errno)))"
      return stamp != nil
    }
    let now = Stamp(
      inode: UInt(status.st_ino), bytes: Int(status.st_size),
      modified: Int(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int(status.st_mtim.tv_nsec))
    guard now != stamp else { return false }
    stamp = now
    do throws(Failure) {
      names = try Self.read(path)
      problem = nil
    } catch {
      names = [:]
      problem = error.message
    }
    return true
  }

  /// A hundred thousand workers.
  private static let mostBytes = 16 << 20

  static func read(_ path: String) throws(Failure) -> [PublicKey: String] {
    func unreadable(_ reason: String) -> Failure {
      .badInput(
        "cannot read the list of workers '\(path.printable)': \(reason)",
        advice: "name the folder that 'modeltree keygen' made")
    }
    let data: Data
    do throws(BoundedFile.Problem) {
      data = try BoundedFile.read(path, limit: mostBytes)
    } catch {
      throw unreadable("\(error)")
    }
    guard let text = String(data: data, encoding: .utf8) else { throw unreadable("it is not UTF-8") }
    var names: [PublicKey: String] = [:]
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let parts = line.split(separator: " ")
      // A key may begin with '#'; in a comment, a space follows it.
      guard let first = parts.first, first != "#" else { continue }
      guard parts.count == 2, let key = PublicKey(text: String(first)) else {
        throw .badInput(
          "line \(number + 1) of '\(path.printable)' is not a public key and a name",
          advice: "correct or remove the line; until then no worker is admitted")
      }
      names[key] = String(parts[1])
    }
    return names
  }
}
