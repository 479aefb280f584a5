internal import Glibc

/// The natural logarithm; -infinity at 0.
func logarithm(_ value: Double) -> Double { log(value) }
