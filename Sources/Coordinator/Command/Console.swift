import Core
import Foundation

/// Results go to stdout, everything else to stderr.
enum Console {
  static func result(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

  static func say(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }

  static func error(_ line: String) { say(line) }
}
