/// How many shards a worker asks for: a few more than it computes at a time, and of small ones as many as
/// keep it busy while the coordinator makes answers durable.
///
/// What is asked for and not given yet stays few: nobody knows how large the next shards are, and large
/// ones should not pile up here while others have none.
package struct CreditController: Sendable {
  private let threads: Int
  private var isAwake = false
  /// Asked for and not given yet.
  private var open = 0
  /// Shards given and not answered yet, and their weights.
  private var shards = 0
  private var weights = 0
  /// Of answered shards, the last ones counting most.
  private var past = (seconds: 0.0, weights: 0.0)

  /// One shard being computed, one being read and two on the way.
  private static let fewPerThread = 4
  private static let mostPerThread = 128
  /// More than are ever asked for and not answered, twice.
  package var mostUnderWay: Int { 2 * (Self.mostPerThread + Self.fewPerThread) * threads }

  /// What is to be under way, in seconds of work.
  private static let ahead = 0.05

  package init(threads: Int) { self.threads = threads }

  /// The coordinator takes questions.
  package mutating func wake() { isAwake = true }

  /// The coordinator has forgotten what it was asked and what it gave.
  package mutating func forget() { (isAwake, open, shards, weights) = (false, 0, 0, 0) }

  package mutating func wasGiven(weights: Int) {
    open = max(0, open - 1)
    shards += 1
    // A coordinator may say anything; what wraps here is taken away again.
    self.weights &+= weights
  }

  /// - Parameters:
  ///   - weights: of the shard.
  ///   - seconds: what it took; nil for a shard that was not computed.
  package mutating func isDone(weights: Int, in seconds: Double?) {
    shards -= 1
    self.weights &-= weights
    if let seconds { past = (0.75 * past.seconds + seconds, 0.75 * past.weights + Double(weights)) }
  }

  /// Shards to ask for now; counts them as asked for.
  package mutating func credit() -> Int {
    guard isAwake else { return 0 }
    let few = Self.fewPerThread * threads
    let credit = max(0, (needsMore ? few : few - shards) - open)
    open += credit
    return credit
  }

  /// Is so much under way, in many shards, that some milliseconds more or less are of no account?
  package var isSated: Bool { shards > 2 * Self.fewPerThread * threads && secondsUnderWay > Self.ahead / 5 }

  /// Will those that are here be done soon?
  private var needsMore: Bool {
    past.weights > 0 && shards < Self.mostPerThread * threads && secondsUnderWay < Self.ahead
  }

  /// As far as past ones tell.
  private var secondsUnderWay: Double {
    past.weights > 0 ? past.seconds / past.weights * Double(weights) / Double(threads) : 0
  }
}
