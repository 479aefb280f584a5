import ArgumentParser
import Lineage

/// How the tree is solved.
struct LineageArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How the distance of two models is measured: auto, l2, l1, max, lora, mother-ft or mother-lora.",
      discussion:
        "lora uses the ranks of differences. mother-ft and mother-lora apply the published rules for full and low-rank fine-tunes unchanged."
    ))
  var distance: DistanceMetric = .auto

  @Option(
    help: ArgumentHelp(
      "What distinguishes parent from child: auto, specialization or generalization.",
      discussion:
        "auto uses the energy of the weights, corrected for weight decay. specialization: kurtosis falls in fine-tuning. generalization: kurtosis rises in pre-training. With a mother distance, auto means specialization."
    ))
  var stage: Stage = .auto

  @Option(help: "Largest extra cost of an edge against the estimated direction, as a multiple of the mean distance.")
  var lambda: Double = 0.3

  @Option(help: ArgumentHelp("auto, or the number of families.", valueName: "auto|K"))
  var families = FamilyCount()

  @Option(
    help: ArgumentHelp(
      "For mother distances: use only square matrices whose name contains this word for the distance.",
      discussion: "'query|key' matches either word; 'published' selects the layers that the authors' program uses.",
      valueName: "word"))
  var distanceLayers: String?

  @Option(help: ArgumentHelp("The same for the kurtosis score.", valueName: "word"))
  var scoreLayers: String?

  func validate() throws {
    for (name, words) in [("distance", distanceLayers), ("score", scoreLayers)] where words != nil {
      guard distance.isPublished else {
        throw ValidationError(
          "--\(name)-layers belongs to the published rules; add --distance mother-ft or mother-lora")
      }
      guard words?.isEmpty == false else {
        throw ValidationError("--\(name)-layers needs a part of a tensor's name, got an empty word")
      }
    }
    guard LineageOptions.lambdas.contains(lambda) else {
      throw ValidationError("--lambda must be from 0 to 1,000,000, got \(lambda)")
    }
    if let count = families.count, !LineageOptions.familyCounts.contains(count) {
      throw ValidationError("--families must be auto or from 1 to 1,000,000, got \(count)")
    }
  }

  var options: LineageOptions {
    LineageOptions(
      metric: distance, stage: distance.isPublished && stage == .auto ? .specialization : stage,
      lambda: lambda, families: families.count, distanceLayers: distanceLayers, scoreLayers: scoreLayers)
  }
}
