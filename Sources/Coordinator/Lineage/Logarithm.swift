internal import Glibc

enum Logarithm {
  static func of(_ value: Double) -> Double { log(value) }
  static func tanh(_ value: Double) -> Double { Glibc.tanh(value) }
}
