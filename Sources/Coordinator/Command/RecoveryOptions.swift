import ArgumentParser
import Recovery

/// What `recover`, `coordinate` and the jobs of a batch have in common.
struct RecoveryOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Model folders (Hugging Face, diffusers), files of weights (safetensors, PyTorch, GGUF, ONNX, NumPy, Keras), .h5 stores, or folders of these.",
      valueName: "model-or-dir"), completion: .file())
  var inputs: [String]

  @Option(
    help: ArgumentHelp("The run directory; created if it does not exist.", valueName: "run"), completion: .directory)
  var out: String

  @OptionGroup(title: "The tree") var lineage: LineageArguments

  @OptionGroup var alignment: AlignmentArguments

  @Option(
    help: ArgumentHelp(
      "Which pairs of models are compared weight by weight: auto, all or sections.",
      discussion:
        "sections: those that may be related by their fingerprints. auto: all, unless these need more than \(PairChoice.mostMemory >> 30) GiB of the coordinator's memory or \(PairChoice.mostJournal / 1_000_000_000) GB of journal.",
      valueName: "choice"))
  var pairs: PairChoice = .auto

  @Option(
    help: ArgumentHelp(
      "Registry that keeps the fingerprints for --pairs sections, also when auto chooses sections. Models in it are not read again for them.",
      discussion: "Without this option they are kept in the run directory.", valueName: "dir"), completion: .directory)
  var registry: String?

  @Option(help: ArgumentHelp("A truth.json to compare the result with.", valueName: "file"), completion: .file())
  var truth: String?

  @Option(
    help: ArgumentHelp(
      "CSV or YAML with id, created, base_model, license; or auto, to use what model cards and adapters say.",
      discussion:
        "Dates forbid edges backwards in time. Declared bases change nothing; hints.csv and the tree say whether the weights agree with them.",
      valueName: "file|auto"), completion: .file())
  var hints: String?

  @Flag(help: "Read all files once more for their SHA-256, as hubs publish it; run.json and attestations hold it.")
  var hashes = false

  @Flag(help: "Start over: delete the results and the progress in the run directory.")
  var redo = false
}

extension Invocation {
  init(_ options: RecoveryOptions) {
    self.init(
      inputs: options.inputs, lineage: options.lineage.options, truth: options.truth, hints: options.hints,
      hashes: options.hashes, align: options.alignment.isOn, pairs: options.pairs, registry: options.registry)
  }
}
