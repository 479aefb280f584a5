/// A text that equals another only byte by byte, as paths do for the system and names for HDF5.
///
/// Swift's strings are equal when they look the same: an "é" of one code point is an "é" of two.
public struct ExactText: Sendable, Hashable {
  private let bytes: [UInt8]
  public init(_ text: String) { bytes = Array(text.utf8) }
}
