import Core
import Foundation

/// Results go to stdout, everything else to stderr.
enum Console {
  /// The job of a batch that speaks on this thread.
  @TaskLocal static var job: String?

  static func result(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

  static func say(_ line: String) { 
    let text = job.map { "\($0.printable): \(line)" } ?? line
    FileHandle.standardError.write(Data("\(text)\n".utf8))
   }

  static func error(_ line: String) { say(line) }
}
