internal import Core
internal import Foundation
internal import Glibc
package import System

/// SVG to PNG and PDF, by the tool that Debian has for it: they are wanted too rarely to link a rasteriser and its fonts
/// to the program.
package enum Rasteriser {
  package enum Form: String, Sendable { case png, pdf }

  private static let tool = "rsvg-convert"
  /// Pixels per pixel of the drawing: sharp in print and on dense screens.
  private static let zoom = "2"

  /// Writes the picture to standard output.
  package static func print(_ svg: String, as form: Form) throws(Failure) {
    guard isatty(STDOUT_FILENO) == 0 else {
      throw .usage(
        "a \(form.rawValue.uppercased()) file cannot be shown on a terminal",
        advice: "send it to a file: modeltree tree ... --format \(form.rawValue) > tree.\(form.rawValue)")
    }
    guard let path = path() else {
      throw Failure(
        .usage, "\(form.rawValue) needs '\(tool)', which is not on the PATH",
        advice: "apt-get install librsvg2-bin, or choose --format svg, which browsers and papers accept too")
    }
    let process = try Subprocess(
      path, ["--zoom", form == .png ? zoom : "1", "--format", form.rawValue, "--unlimited"],
      environment: ProcessInfo.processInfo.environment,
      input: Array(svg.utf8), output: STDOUT_FILENO, errors: STDERR_FILENO)
    let status = process.wait()
    guard status == 0 else {
      throw .cannotWrite("'\(path)' ended with \(status)", advice: "see its message above, or choose --format svg")
    }
  }

  private static func path() -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { "\($0)/\(tool)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
