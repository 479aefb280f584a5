internal import Core

/// A comparison in lanes of one type or the other. Named one by one, each is compiled for its own lanes;
/// behind a protocol, runs of few models would take longer to hand over than to sum.
enum LaneComparison {
  case floats(Comparison<Float>)
  case doubles(Comparison<Double>)

  func add(rows: [UnsafeRawPointer], count: Int) {
    switch self {
    case .floats(let comparison): comparison.add(rows: rows, count: count)
    case .doubles(let comparison): comparison.add(rows: rows, count: count)
    }
  }

  func take() -> Partial {
    switch self {
    case .floats(let comparison): comparison.take()
    case .doubles(let comparison): comparison.take()
    }
  }

  var partial: Partial {
    switch self {
    case .floats(let comparison): comparison.partial
    case .doubles(let comparison): comparison.partial
    }
  }
}
