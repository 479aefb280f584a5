import Core
import Foundation
import Logging
import Logs

/// Results go to stdout, everything else to stderr.
enum Console {
  /// The job of a batch that speaks on this thread.
  @TaskLocal static var job: String?

  static func result(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

  static func say(_ line: String) { StandardError.say(line, job: job) }

  static func error(_ line: String) { StandardError.say(line, level: .error, job: job) }
}
