internal import Foundation

/// The cache of the Hugging Face hub: `models--ORG--NAME/snapshots/REVISION`, whose files are links to `blobs`.
struct HubCache {
  /// `ORG/NAME`
  let repository: String
  /// As the folder is called: a commit of 40 digits.
  let revision: String
  /// The folders above that of the repository, and what is below that of the revision.
  let above: [String]
  let below: [String]

  /// - Returns: nil for a path that does not lead into a snapshot.
  init?(_ names: [String]) {
    guard let place = names.lastIndex(where: Self.isRepository), names.count >= place + 3,
      names[place + 1] == "snapshots"
    else { return nil }
    repository = names[place].dropFirst("models--".count).replacingOccurrences(of: "--", with: "/")
    revision = names[place + 2]
    above = Array(names[..<place])
    below = Array(names[(place + 3)...])
  }

  static func isRepository(_ name: String) -> Bool {
    name.hasPrefix("models--") && name.utf8.count > "models--".utf8.count
  }
}
