package import System

/// Draws what another sample of the tensors might have said of one family.
package protocol Resampler: Sendable {
  associatedtype Draw: Sendable
  associatedtype Costs: EdgeCosts

  /// What making a replicate and finding its tree takes, in bytes.
  var bytesPerReplicate: Int { get }

  /// The random numbers of one replicate. Called in the order of the replicates, so that the numbers do not depend
  /// on the processors.
  ///
  /// - Parameters:
  ///   - number: of the replicate.
  ///   - random: one stream for all replicates.
  func draw(_ number: Int, _ random: inout RandomStream) -> Draw

  /// Called on several threads at a time.
  func replicate(_ draw: Draw) -> Replicate<Costs>
}

/// Another sample's family.
package struct Replicate<Costs: EdgeCosts> {
  package let cost: Costs
  /// Positive values speak for the first node coming before the second; of the other order the same with another sign.
  package let evidence: (_ first: Int, _ second: Int) -> Double

  package init(cost: Costs, evidence: @escaping (_ first: Int, _ second: Int) -> Double) {
    self.cost = cost
    self.evidence = evidence
  }
}
