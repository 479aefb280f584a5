package import Storage

/// What a registry says of a model beside its fingerprint: who it is to people.
package struct RegistryEntry: Sendable, Equatable, Codable {
  /// A file that the model was read from.
  package struct Source: Sendable, Equatable, Codable {
    package var file: SourceFile
    /// 64 hexadecimal digits; nil where files were not hashed.
    package var sha256: String?

    package init(file: SourceFile, sha256: String?) {
      self.file = file
      self.sha256 = sha256
    }
  }

  package var id: String
  /// `ModelFingerprint.identity`.
  package var identity: String
  /// The folder or file that it was read from.
  package var path: String
  /// ISO 8601.
  package var added: String
  package var sources: [Source]
  /// As its card or the user declares them; nobody checked.
  package var license: String?
  package var baseModel: String?

  package init(
    id: String, identity: String, path: String, added: String, sources: [Source], license: String? = nil,
    baseModel: String? = nil
  ) {
    self.id = id
    self.identity = identity
    self.path = path
    self.added = added
    self.sources = sources
    self.license = license
    self.baseModel = baseModel
  }

  /// The same weights under the same id are one entry.
  struct Key: Hashable {
    var id: String
    var identity: String
  }

  var key: Key { Key(id: id, identity: identity) }
}
