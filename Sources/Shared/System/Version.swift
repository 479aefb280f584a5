/// What this build is, for `--version`, run records and the workers' hello.
public enum Version {
  public static let software = "0.1.0"
  /// Format of the run directory; a different one cannot be resumed.
  public static let runFormat = 3
  /// Format of the HDF5 model store.
  public static let storeFormat = 3
}
