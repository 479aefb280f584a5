/// A model as it was found on disk.
package struct ModelSource: Sendable, Hashable {
  /// A file that holds part of the model, and what its tensors' names are prefixed with.
  package struct File: Sendable, Hashable {
    package var path: String
    package var prefix: String
    /// The tensors that belong to the model; nil for all of them.
    package var tensors: Set<String>?
  }

  package enum Content: Sendable, Hashable {
    /// Files that hold the model together, whatever their formats.
    case weights([File])
    /// An adapter that is not merged into its base, and the text of its adapter_config.json.
    case adapter(File, configuration: String)
    /// A store that `modeltree import` wrote.
    case store(String)

    /// The files that the model is read from.
    var files: [File] {
      switch self {
      case .weights(let files): files
      case .adapter(let file, _): [file]
      case .store: []
      }
    }
  }

  package var id: String
  /// The folder or file that people know the model by.
  package var path: String
  package var content: Content
  /// Named on the command line, not merely found in a folder: a defect is an error, not a note.
  package var isExplicit: Bool
}
