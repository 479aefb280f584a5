import ArgumentParser

/// Whether models in other coordinates are looked for.
struct AlignmentArguments: ParsableArguments {
  enum Choice: String, ExpressibleByArgument, CaseIterable {
    case auto, off
  }

  @Option(
    help: ArgumentHelp(
      "Detect disguised copies of other models: units, heads or coordinates permuted, rotated, scaled.",
      discussion: "auto tries models that are like no other of their shape; off compares all as they are.",
      valueName: "auto|off"))
  var align: Choice = .auto

  var isOn: Bool { align == .auto }
}
