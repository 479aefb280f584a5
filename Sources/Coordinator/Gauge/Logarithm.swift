internal import Foundation

enum Logarithm {
  static func of(_ value: Double) -> Double { log(value) }
  static func power(_ value: Double) -> Double { exp(value) }

  /// Of the factorial.
  static func factorial(_ count: Int) -> Double {
    guard count > 1 else { return 0 }
    return (2...count).reduce(0) { $0 + log(Double($1)) }
  }
}
