/// Values that a pickle has numbered, to come back to them.
struct PickleMemo {
  /// Numbers mostly count from 0 on; the others are in `far`.
  private var near: [PickleValue] = []
  private var far: [Int: PickleValue] = [:]

  var count: Int { near.count + far.count }

  /// Would the number be one that does not count on?
  func isFar(_ number: Int) -> Bool { number > near.count }

  subscript(number: Int) -> PickleValue? { near.indices.contains(number) ? near[number] : far[number] }

  /// - Parameter number: from 0 on.
  mutating func set(_ number: Int, to value: PickleValue) {
    if number == near.count {
      near.append(value)
    } else if near.indices.contains(number) {
      near[number] = value
    } else {
      far[number] = value
    }
  }
}
