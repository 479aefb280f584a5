internal import Foundation

/// A number of bytes as people write it: `512MB`, `1.5GiB`, `4096`.
package struct ByteCount: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let bytes: Int

  package init(bytes: Int) { self.bytes = bytes }

  package static func < (a: ByteCount, b: ByteCount) -> Bool { a.bytes < b.bytes }

  /// Reads a number with an optional unit: B, kB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB
  /// (powers of 1024), or a bare K, M, G, T (powers of 1024, as in Slurm's `--mem`).
  package init?(_ text: String) {
    let digits = text.prefix { $0.isNumber || $0 == "." }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
    guard let number = Double(digits), let scale = Self.scales[unit] else { return nil }
    let bytes = (number * scale).rounded(.down)
    guard bytes >= 0, bytes < 9e18 else { return nil }
    self.bytes = Int(bytes)
  }

  private static let scales: [String: Double] = [
    "": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
    "k": 0x1p10, "m": 0x1p20, "g": 0x1p30, "t": 0x1p40,
    "kib": 0x1p10, "mib": 0x1p20, "gib": 0x1p30, "tib": 0x1p40,
  ]

  /// In powers of 1000 with three digits: `9.30 MB`.
  package var description: String {
    guard bytes >= 1000 else { return "\(bytes) B" }
    var value = Double(bytes)
    var unit = ""
    for next in ["kB", "MB", "GB", "TB", "PB"] where value >= 999.5 {
      value /= 1000
      unit = next
    }
    let decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
    return "\(fixed(value, decimals)) \(unit)"
  }
}
