internal import Core
internal import Storage
internal import System
internal import Transport

/// What `--version` prints: enough to say which build a result came from.
package enum BuildFacts {
  package static var text: String {
    """
    modeltree \(Version.software)
    built     \(configuration), Swift \(language) or newer, \(architecture)
    libraries HDF5 \(HDF5File.libraryVersion), ZeroMQ \(Context.libraryVersion)
    formats   run directory \(Version.runFormat), model store \(Version.storeFormat)
    """
  }

  private static var configuration: String {
    #if DEBUG
      "for debugging"
    #else
      "optimised"
    #endif
  }

  /// The compiler tells whether it is as new as a given version, not which it is.
  private static var language: String {
    #if compiler(>=6.4)
      "6.4"
    #elseif compiler(>=6.3)
      "6.3"
    #elseif compiler(>=6.2)
      "6.2"
    #else
      "6.1"
    #endif
  }

  private static var architecture: String {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "arm64"
    #else
      "another architecture"
    #endif
  }
}
