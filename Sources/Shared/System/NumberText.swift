internal import Foundation

/// A decimal number with a fixed number of digits after the point.
package func fixed(_ value: Double, _ decimals: Int) -> String {
  String(format: "%.\(decimals)f", value)
}

/// A number and the noun that it counts: "1 model", "2 models", "3 families".
package func counted(_ number: Int, _ one: String, _ many: String? = nil) -> String {
  "\(number) \(number == 1 ? one : many ?? "\(one)s")"
}
