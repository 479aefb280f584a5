internal import Foundation

/// The browser that pages are opened in.
package enum Chromium {
  /// Why a test of a page is left out.
  package static let missing: String =
    "no Chromium here, so no page is opened: apt-get install chromium-headless-shell, or set MODELTREE_CHROMIUM"

  package static var isHere: Bool {
    let environment = ProcessInfo.processInfo.environment
    if let given = environment["MODELTREE_CHROMIUM"] { return FileManager.default.isExecutableFile(atPath: given) }
    let names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome"]
    return (environment["PATH"] ?? "").split(separator: ":").contains { folder in
      names.contains { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
    }
  }
}
