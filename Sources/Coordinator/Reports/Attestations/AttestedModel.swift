internal import Graph

/// A model in an attestation: the files that a finding is bound to, and what the weights say of its ancestors.
package struct AttestedModel: Sendable, Equatable {
  package struct File: Sendable, Equatable, Codable {
    /// Its path, or its name below the model's folder.
    package var path: String
    package var bytes: Int
    /// 64 hexadecimal digits; nil where the file was not hashed.
    package var sha256: String?

    package init(path: String, bytes: Int, sha256: String? = nil) {
      self.path = path
      self.bytes = bytes
      self.sha256 = sha256
    }

    /// What people call it: the last part of its path.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
  }

  /// Where a model comes from.
  struct Ancestor: Sendable, Equatable {
    var id: String
    var relation: String
    var support: Double
    var directionSupport: Double
    var grade: Grade
    /// Of a component or of a mean.
    var share: Double?
    /// Which part of the model it gave; nil for all of it.
    var component: String?
  }

  var id: String
  var isInferred: Bool
  var files: [File]
  var parameters: Int?
  var encodings: [String]
  var ancestors: [Ancestor]
}
