extension Int {
  /// The sum, or the nearest number that an `Int` can hold: for numbers that others sent.
  package func addingClamped(_ other: Int) -> Int {
    let (sum, isOverflow) = addingReportingOverflow(other)
    return isOverflow ? (other < 0 ? .min : .max) : sum
  }

  /// The whole part, or the nearest number that an `Int` can hold; 0 for NaN.
  package init(clamping value: Double) {
    self = value.isNaN ? 0 : Int(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
  }
}

extension Sequence<Int> {
  /// The sum, clamped at each step.
  package func clampedSum() -> Int { reduce(0) { $0.addingClamped($1) } }
}
