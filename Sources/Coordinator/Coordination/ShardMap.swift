package import Scheduling

/// The states of a plan's shards as a line of characters; see `JobStatus.map`.
package enum ShardMap {
  private static let mostCells = 4096

  package static func text(_ states: ArraySlice<Scheduler.State>) -> (map: String, perCell: Int) {
    let perCell = max(1, (states.count + mostCells - 1) / mostCells)
    var map = ""
    var start = states.startIndex
    while start < states.endIndex {
      let end = min(start + perCell, states.endIndex)
      let cell = states[start..<end]
      let mark: Character =
        if cell.contains(.setAside) { "x" } else if cell.contains(.leased) { "o" } else if cell.contains(.pending) {
          "."
        } else { "#" }
      map.append(mark)
      start = end
    }
    return (map, perCell)
  }
}
