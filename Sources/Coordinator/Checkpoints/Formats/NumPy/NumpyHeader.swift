internal import Foundation

/// The header of a `.npy` file: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
struct NumpyHeader: Equatable {
  var type: String
  var isFortranOrdered: Bool
  var extents: [Int]

  /// - Returns: nil for anything but such a text; types that are lists, of records, count as `record`.
  init?(_ text: String) {
    guard let descr = Self.value(of: "descr", in: text), let order = Self.value(of: "fortran_order", in: text),
      let shape = Self.value(of: "shape", in: text)
    else { return nil }
    if let mark = descr.first, mark == "'" || mark == "\"" {
      guard let end = descr.dropFirst().firstIndex(of: mark) else { return nil }
      type = String(descr[descr.index(after: descr.startIndex)..<end])
    } else {
      type = "record"
    }
    guard order.hasPrefix("True") || order.hasPrefix("False") else { return nil }
    isFortranOrdered = order.hasPrefix("True")
    guard shape.first == "(", let end = shape.firstIndex(of: ")") else { return nil }
    extents = []
    for part in shape[..<end].dropFirst().split(separator: ",") {
      var digits = part.trimmingPrefix { $0 == " " }
      while digits.last == " " { digits.removeLast() }
      // Python 2 wrote long numbers.
      if digits.last == "L" { digits.removeLast() }
      guard let extent = Int(digits), extent >= 0 else { return nil }
      extents.append(extent)
    }
  }

  /// What follows a key and its colon.
  private static func value(of key: String, in text: String) -> Substring? {
    for mark in ["'", "\""] {
      guard let found = text.range(of: "\(mark)\(key)\(mark)") else { continue }
      let rest = text[found.upperBound...].drop { $0 == " " }
      guard rest.first == ":" else { return nil }
      return rest.dropFirst().drop { $0 == " " }
    }
    return nil
  }
}
