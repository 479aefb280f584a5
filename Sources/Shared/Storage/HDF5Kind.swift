internal import CHDF5
internal import System

/// Tells the stores of this program from HDF5 files of others.
package enum HDF5Kind {
  /// Has the file the mark of a store? What cannot be opened counts as one: reading it says why not.
  package static func isStore(_ path: String) -> Bool {
    guard let file = try? HDF5File(reading: path) else { return true }
    return file.integerAttribute(ModelStore.formatAttribute, of: "/") != nil
  }
}
