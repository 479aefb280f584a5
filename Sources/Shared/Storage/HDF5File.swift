internal import CHDF5
internal import Core
package import System

/// An open HDF5 file; closed with its last reference.
///
/// Not thread-safe as an object; different objects may be used by different threads (the library
/// puts its calls behind one lock of its own).
package final class HDF5File {
  package let path: String
  let id: hid_t

  /// - Throws: `Failure` (bad input) when the file is missing, cut off or not HDF5, or not a file at all.
  package init(reading path: String) throws(Failure) {
    if let what = FileStatus.otherThanFile(path) { throw WeightFile.notRegular(path, what) }
    _ = Self.begun
    chdf5_silence()
    id = chdf5_open_read_only(path)
    self.path = path
    guard id >= 0 else { throw Self.cannotOpen(path) }
  }

  private static func cannotOpen(_ path: String) -> Failure {
    let reason = lastError
    // What the system says tells more than the library, and whether the file is at fault or the host.
    if let trouble = WeightFile.trouble(at: path) {
      return .badInput(
        "cannot open '\(path.printable)' as HDF5: \(trouble.text)", advice: trouble.advice,
        missing: trouble.isOfThisHost ? path : nil)
    }
    return .badInput(
      "cannot open '\(path.printable)' as HDF5: \(reason)",
      advice: "check whether its writing finished (h5dump -H), or import the model again")
  }

  /// Creates the file, replacing what is there.
  package init(creating path: String) throws(Failure) {
    _ = Self.begun
    chdf5_silence()
    id = chdf5_create(path)
    self.path = path
    guard id >= 0 else {
      throw .cannotWrite(
        "cannot create '\(path.printable)': \(Self.lastError)",
        advice: "choose a folder that you may write to and that has room")
    }
  }

  /// At exit the library would close what is open once more; a file that could not be written to a
  /// full disk then takes the program down. Must come before every other call of the library.
  private static let begun: Void = {
    _ = H5dont_atexit()
    chdf5_defend()
  }()

  deinit {
    if !closed { H5Fclose(id) }
  }

  private var closed = false

  /// Flushes and closes now, and reports what `deinit` could not: a full disk shows here.
  package func close() throws(Failure) {
    guard !closed else { return }
    let flushed = H5Fflush(id, H5F_SCOPE_LOCAL)
    closed = true
    let status = H5Fclose(id)
    guard flushed >= 0, status >= 0 else { throw cannotWrite("") }
  }

  /// Of the library that is linked, as `1.10.8`.
  package static var libraryVersion: String {
    _ = begun
    var (major, minor, release) = (UInt32(0), UInt32(0), UInt32(0))
    H5get_libversion(&major, &minor, &release)
    return "\(major).\(minor).\(release)"
  }

  static var lastError: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
      chdf5_last_error(text.baseAddress)
      let message = String(cString: text.baseAddress!)
      return message.isEmpty ? "unknown reason" : message
    }
  }

  func cannotWrite(_ object: String) -> Failure {
    .cannotWrite(
      "cannot write \(object.isEmpty ? "" : "'\(object.printable)' in ")'\(path.printable)': \(Self.lastError)",
      advice: "check whether the disk is full")
  }

  func unreadable(_ object: String) -> Failure { unreadable(object, Self.lastError) }

  private func unreadable(_ object: String, _ reason: String) -> Failure {
    .badInput(
      "'\(path.printable)' has no readable '\(object.printable)': \(reason)",
      advice: "the file is damaged or not one of modeltree's; import the model again")
  }
}

extension HDF5File {
  /// Opens a dataset whose numbers lie in this file: another file may be a pipe, which is waited for, or somebody's secret.
  ///
  /// - Throws: `Failure` (bad input) when there is none, or it lies elsewhere.
  func openSet(_ name: String) throws(Failure) -> HDF5Handle {
    guard let set = HDF5Handle(H5Dopen2(id, name, chdf5_default()), H5Dclose) else { throw unreadable(name) }
    guard chdf5_is_virtual(set.id) == 0, chdf5_is_external(set.id) == 0 else {
      throw unreadable(name, "its numbers are in other files")
    }
    return set
  }
}

/// Closes an HDF5 identifier with its last reference.
final class HDF5Handle {
  let id: hid_t
  private let close: (hid_t) -> herr_t

  init?(_ id: hid_t, _ close: @escaping (hid_t) -> herr_t) {
    guard id >= 0 else { return nil }
    self.id = id
    self.close = close
  }

  deinit { _ = close(id) }
}
