import Core
package import Lineage
package import Planning
import Spectra
package import System

/// What can be refused before any weight is read: distances that use few tensors, where no two models share one.
package enum PlanPreconditions {
  package static func check(_ plan: Plan, _ options: LineageOptions) throws(Failure) {
    if options.metric == .lora {
      guard plan.tensors.isEmpty || plan.tensors.contains(where: { $0.sketch != nil }) else {
        throw .badInput(
          "--distance lora uses linear maps alone, and no two models share one",
          advice: "choose another distance, such as l2")
      }
    }
    if plan.tensors.contains(where: { $0.sketch != nil }) { try OpenBLAS.require() }
    guard options.metric.isPublished else { return }
    let parts = [
      ("distance", options.distanceLayers, options.metric.distanceLayers(options.distanceLayers)),
      ("score", options.scoreLayers, options.metric.scoreLayers(options.scoreLayers)),
    ]
    for (name, words, layers) in parts {
      guard !plan.tensors.contains(where: { layers.includes(name: $0.name, shape: $0.shape) }) else { continue }
      let which = words.map { " with '\($0.printable)' in their names (--\(name)-layers)" } ?? ""
      throw .badInput(
        "--distance \(options.metric.rawValue) uses square matrices alone, and no two models share any\(which)",
        advice: words == nil
          ? "choose another distance, such as auto" : "name a part of the tensors' names, or leave the option out")
    }
  }
}
