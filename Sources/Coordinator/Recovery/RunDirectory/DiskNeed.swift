internal import Coordination
internal import Core
internal import Foundation
internal import Journal
package import Planning
internal import System
internal import Wire

/// How much disk a run directory takes while its run is at work, in bytes; of partials and results exactly, the rest
/// by experience.
package struct DiskNeed: Sendable, Equatable, Encodable {
  package var journal: Int
  /// The journal's write-ahead log: it is emptied as it grows, and goes when the run ends.
  package var log: Int
  /// `results.h5`.
  package var results: Int
  /// Stores, trees, the page.
  package var rest: Int

  package var total: Int { journal + log + results + rest }

  /// - Parameter stores: the folder that holds the plan's stores.
  package init(_ plan: Plan, stores: String) {
    let partials = plan.shards.map { shard in
      PartialCodec.encodedBytes(of: plan.schema(of: shard), isHalved: plan.tensors[shard.tensor].isBrief)
    }
    let settings = JSONText.data(of: PlanOutline(plan)).count + plan.models.count * Self.identityBytes
    let size = Journal.Size(partials: partials, settings: settings, commit: ShardWork.mostUnrecordedBytes)
    (journal, log) = (size.database, size.log)
    let n = plan.models.count
    results = plan.sections.indices.reduce(Self.headBytes) { $0 + Self.arrayBytes(plan.section($1)) }
    let side = Double(min(n, 1000))
    rest =
      Self.folderBytes(stores) + Self.pageBytes + Int(side * side * 4 / 3) + n * Self.modelBytes
  }

  /// Fingerprints of a model, its paths and those of its files.
  private static let identityBytes = 600
  /// Names and shapes of tensors are few, HDF5's own structures too.
  private static let headBytes = 64 << 10
  /// Two distances, evidence, costs, relatedness and its probability as doubles, the direction as a byte.
  private static let matrixBytes = 6 * 8 + 1
  private static let pageBytes = 192 << 10
  /// In seven formats of trees, the page and the record of the run.
  private static let modelBytes = 6 << 10

  /// All n x n numbers per tensor and statistic, and once for the section; moments per model and tensor.
  private static func arrayBytes(_ section: Plan) -> Int {
    let (n, tensors) = (section.models.count, section.tensors.count)
    let statistics = section.tensors.reduce(into: Statistics()) { $0.formUnion($1.statistics) }
    let layers = tensors == 0 ? 0 : statistics.bytesPerPair
    return n * n * (layers * tensors + matrixBytes) + 9 * 8 * n * tensors
  }

  private static func folderBytes(_ path: String) -> Int {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
    return names.reduce(0) { $0 + (FileStatus(path: "\(path)/\($1)")?.bytes ?? 0) }
  }
}

extension PlannedTensor {
  /// Are all copies stored in 16 bits as bf16 has them? Their samples are kept in as many.
  fileprivate var isBrief: Bool { copies.allSatisfy { $0.elementType == .bf16 } }
}

extension Statistics {
  /// What `results.h5` keeps of a pair of models and a tensor.
  fileprivate var bytesPerPair: Int {
    8 + (contains(.l1) ? 8 : 0) + (contains(.max) ? 8 : 0) + (contains(.sketch) ? 10 : 0)
  }
}
