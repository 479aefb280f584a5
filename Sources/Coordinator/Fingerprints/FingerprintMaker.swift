internal import Alignment
package import Checkpoints
internal import Core
internal import Dispatch
internal import Encodings
internal import Naming
internal import Storage
internal import Synchronization
package import System

/// Makes the fingerprint of a model: reads every weight once.
package struct FingerprintMaker: Sendable {
  private let threads: Int

  /// - Parameter threads: tensors that are read at the same time.
  package init(threads: Int) { self.threads = max(1, threads) }

  /// - Throws: `Failure` (bad input): an adapter, a model without a tensor that could be compared, weights that cannot
  ///   be read or are not finite.
  package func fingerprint(of record: ModelRecord) throws(Failure) -> ModelFingerprint {
    guard record.adapter == nil else {
      throw .badInput(
        "'\(record.id.printable)' is an adapter that is not merged into its base, which has no fingerprint of its own",
        advice: "merge it into its base and give the result, or see where it belongs: modeltree recover ADAPTER BASE..."
      )
    }
    let (model, map) = try Aligner.canonical(record)
    let tensors = zip(model.tensors, map.tensors).map { stored, canonical in
      (stored: stored, name: Self.name(of: canonical), shape: canonical.shape)
    }
    let selection = TensorSelection(tensors.map { ($0.name, $0.shape) })
    guard !selection.choices.isEmpty else {
      throw .badInput(
        "'\(record.id.printable)' has no tensor that could be compared with another model's\(Self.reasons(record))",
        advice: "'modeltree plan' shows what of it can be read")
    }
    let choices = Dictionary(selection.choices.map { ($0.tensor, $0) }) { first, _ in first }
    let results = try read(tensors.count) { place throws(Failure) in
      let (stored, name, shape) = tensors[place]
      return try TensorReading.read(stored, name: name, shape: shape, choice: choices[place])
    }
    let kept = selection.choices.compactMap { results[$0.tensor].tensor }
    if let odd = kept.first(where: { $0.moments.notFinite > 0 }) {
      throw .badInput(
        "'\(record.id.printable)' holds \(odd.moments.notFinite) NaN or infinite weights in '\(odd.name.printable)'",
        advice: "download the model again, or fix its weights")
    }
    let described = zip(tensors, results).map {
      FactsMaker.Tensor(name: $0.name, shape: $0.shape, content: $1.content)
    }
    let fingerprint = ModelFingerprint(
      facts: FactsMaker(described).facts(of: record, map), tensors: kept, contents: FactsMaker.contents(described))
    guard fingerprint.comparable > 0 else {
      throw .badInput(
        "'\(record.id.printable)' has only constant tensors: nothing of it can be compared",
        advice: "give a model with trained weights")
    }
    return FingerprintCodec.fitted(fingerprint)
  }

  private static func reasons(_ record: ModelRecord) -> String {
    record.unreadScheme.map { " (its weights are quantized by \($0.printable), which is not read)" } ?? ""
  }

  /// What is stored in an arrangement that could not be undone is another tensor than the canonical one.
  private static func name(of tensor: CanonicalTensor) -> String {
    guard let rearrangement = tensor.rearrangement else { return tensor.name }
    return "\(tensor.name)!\(rearrangement.steps.map(\.rawValue).joined(separator: ","))"
  }

  /// Reads tensors on several threads; of several failures, the one of the first tensor is thrown.
  private func read(
    _ count: Int, _ body: @Sendable (Int) throws(Failure) -> TensorReading.Result
  ) throws(Failure) -> [TensorReading.Result] {
    let next = Atomic(0)
    let found = Mutex<[Int: Result<TensorReading.Result, Failure>]>([:])
    DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
      while true {
        let place = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard place < count else { return }
        let result: Result<TensorReading.Result, Failure>
        do throws(Failure) {
          result = .success(try body(place))
        } catch {
          result = .failure(error)
        }
        found.withLock { $0[place] = result }
      }
    }
    let all = found.withLock { $0 }
    var results: [TensorReading.Result] = []
    for place in 0..<count {
      guard let result = all[place] else { continue }
      results.append(try result.get())
    }
    return results
  }
}
