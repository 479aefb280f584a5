internal import Foundation

/// Reads headers as the known programs write them: names and types without escapes, whole numbers, nothing beyond
/// what the format requires. A general JSON decoder takes some 20 times as long.
///
/// Everything else, and everything that is wrong, is left to the general decoder, which reports what is wrong.
struct SafetensorsHeaderFastPath {
  private let bytes: UnsafeRawBufferPointer
  private var place = 0

  /// - Returns: the tensors; nil when the header is not of this kind.
  static func tensors(in header: Data) -> [(String, SafetensorsHeader.Body)]? {
    header.withUnsafeBytes { bytes in
      var reader = SafetensorsHeaderFastPath(bytes: bytes)
      return reader.tensors()
    }
  }

  private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private mutating func tensors() -> [(String, SafetensorsHeader.Body)]? {
    var found: [(String, SafetensorsHeader.Body)] = []
    var names: Set<String> = []
    let isWhole = object { reader, name in
      guard names.insert(name).inserted else { return false }
      if name == "__metadata__" { return reader.object { reader, _ in reader.text() != nil } }
      guard let body = reader.body() else { return false }
      found.append((name, body))
      return true
    }
    skipSpace()
    return isWhole && place == bytes.count ? found : nil
  }

  private mutating func body() -> SafetensorsHeader.Body? {
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    let isWhole = object { reader, key in
      switch key {
      case "dtype" where type == nil:
        type = reader.text()
        return type != nil
      case "shape" where shape == nil:
        shape = reader.numbers()
        return shape != nil
      case "data_offsets" where offsets == nil:
        offsets = reader.numbers()
        return offsets != nil
      default: return false
      }
    }
    guard isWhole, let type, let shape, let offsets else { return nil }
    return SafetensorsHeader.Body(type: type, shape: shape, offsets: offsets)
  }

  // MARK: JSON

  /// - Parameter value: reads what belongs to a key; false when it cannot.
  private mutating func object(_ value: (inout SafetensorsHeaderFastPath, String) -> Bool) -> Bool {
    guard take("{") else { return false }
    if take("}") { return true }
    repeat {
      guard let key = text(), take(":"), value(&self, key) else { return false }
    } while take(",")
    return take("}")
  }

  private mutating func numbers() -> [Int]? {
    guard take("[") else { return nil }
    if take("]") { return [] }
    var numbers: [Int] = []
    repeat {
      guard let number = number() else { return nil }
      numbers.append(number)
    } while take(",")
    return take("]") ? numbers : nil
  }

  /// Printable ASCII without escapes.
  private mutating func text() -> String? {
    guard take("\"") else { return nil }
    let start = place
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "\""):
        place += 1
        return String(decoding: bytes[start..<place - 1], as: UTF8.self)
      case UInt8(ascii: "\\"): return nil
      case 0x20..<0x7f: place += 1
      default: return nil
      }
    }
    return nil
  }

  /// Up to 18 digits.
  private mutating func number() -> Int? {
    skipSpace()
    let start = place
    var value = 0
    while place < bytes.count, case let digit = bytes[place], UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit {
      guard place - start < 18 else { return nil }
      value = value * 10 + Int(digit - UInt8(ascii: "0"))
      place += 1
    }
    let digits = place - start
    return digits == 0 || digits > 1 && bytes[start] == UInt8(ascii: "0") ? nil : value
  }

  private mutating func take(_ mark: Unicode.Scalar) -> Bool {
    skipSpace()
    guard place < bytes.count, bytes[place] == UInt8(ascii: mark) else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while place < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[place]) { place += 1 }
  }
}
