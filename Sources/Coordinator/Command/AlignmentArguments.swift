import ArgumentParser

/// Whether models in other coordinates are looked for.
struct AlignmentArguments: ParsableArguments {
  enum Choice: String, ExpressibleByArgument, CaseIterable {
    case auto, off
  }

  @Option(
    help: ArgumentHelp(
      "Find models that were disguised by permuting, rotating or scaling units, heads or coordinates.",
      discussion:
        "auto tries to restore models that resemble no other of the same shape; off compares all as they are.",
      valueName: "auto|off"))
  var align: Choice = .auto

  var isOn: Bool { align == .auto }
}
