/// The version of this build, for `--version`, run records and the workers' hello.
package enum Version {
  /// Coordinator and workers must agree on it.
  package static let software = "0.2.0"
  /// Format of the run directory; a different one cannot be resumed.
  package static let runFormat = 5
  /// Format of the HDF5 model store.
  package static let storeFormat = 4
}
