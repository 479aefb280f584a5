package import Scheduling

/// What will happen in a virtual cluster, the next first; a binary heap by time.
package struct Agenda {
  package enum Happening: Sendable {
    case join, beat, leave, die, tick
    case computed(Lease)
    /// Its answer is at the coordinator, who has looked at it.
    case arrived(Lease)
  }

  private typealias Entry = (time: Double, number: Int, worker: WorkerID, what: Happening)

  private var heap: [Entry] = []
  private var number = 0

  package init() {}

  package mutating func add(_ time: Double, _ worker: WorkerID, _ what: Happening) {
    number += 1
    heap.append((time, number, worker, what))
    var child = heap.count - 1
    while child > 0, before(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  package mutating func next() -> (time: Double, worker: WorkerID, what: Happening)? {
    guard let first = heap.first else { return nil }
    heap[0] = heap[heap.count - 1]
    heap.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && before(child, least) {
        least = child
      }
      guard least != parent else { break }
      heap.swapAt(parent, least)
      parent = least
    }
    return (first.time, first.worker, first.what)
  }

  private func before(_ a: Int, _ b: Int) -> Bool {
    (heap[a].time, heap[a].number) < (heap[b].time, heap[b].number)
  }
}
