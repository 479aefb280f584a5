/// The nearest of many models.
package enum Nearest {
  /// What sorting by distance, then by number, would put first: without sorting the rest.
  ///
  /// - Parameters:
  ///   - count: how many are wanted.
  ///   - distance: of one of them; not NaN.
  package static func models(_ count: Int, of all: [Int], distance: (Int) -> Double) -> [Int] {
    var found: [(distance: Double, model: Int)] = []
    found.reserveCapacity(count + 1)
    for model in all {
      let own = (distance: distance(model), model: model)
      if found.count == count {
        guard let last = found.last, own < last else { continue }
        found.removeLast()
      }
      let place = found.firstIndex { own < $0 } ?? found.count
      found.insert(own, at: place)
    }
    return found.map(\.model)
  }
}
