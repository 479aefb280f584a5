/// Arranges boxes side by side on shelves so that they fill a sheet of a given aspect ratio at the largest zoom.
enum ShelfPacking {
  struct Box {
    let width: Double
    let height: Double
  }

  struct Arrangement {
    var places: [(x: Double, y: Double)]
    var width: Double
    var height: Double
  }

  static let gap = 46.0

  /// - Parameter aspect: width divided by height of the sheet.
  static func arrange(_ boxes: [Box], aspect: Double) -> Arrangement {
    let widest = boxes.map(\.width).max() ?? 0
    let total = boxes.reduce(0) { $0 + $1.width + gap }
    var best = fill(boxes, limit: widest)
    for step in 1...24 {
      let found = fill(boxes, limit: widest + max(0, total - widest) * Double(step) / 24)
      if zoom(found, aspect) > zoom(best, aspect) * 1.001 { best = found }
    }
    return best
  }

  private static func zoom(_ found: Arrangement, _ aspect: Double) -> Double {
    min(aspect / max(found.width, 1), 1 / max(found.height, 1))
  }

  private static func fill(_ boxes: [Box], limit: Double) -> Arrangement {
    var found = Arrangement(places: [], width: 0, height: 0)
    var (x, y, shelf) = (0.0, 0.0, 0.0)
    for box in boxes {
      if x > 0, x + box.width > limit {
        y += shelf + gap
        (x, shelf) = (0, 0)
      }
      found.places.append((x, y))
      found.width = max(found.width, x + box.width)
      shelf = max(shelf, box.height)
      x += box.width + gap
    }
    found.height = y + shelf
    return found
  }
}
