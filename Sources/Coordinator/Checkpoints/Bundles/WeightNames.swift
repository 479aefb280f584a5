/// What names of files say about their content. Names only say where to look: content decides.
enum WeightNames {
  /// Endings of formats that are read, the one that is preferred where a model is there in several first.
  static let endings = [
    "safetensors", "bin", "pt", "pth", "ckpt", "gguf", "onnx", "h5", "hdf5", "npz", "npy", "pkl",
  ]

  /// Names that models have in folders of their own; what they are called is then the folder's name.
  static let ownNames = [
    "model", "diffusion_pytorch_model", "pytorch_model", "open_clip_pytorch_model", "tf_model", "consolidated",
    "consolidated.00",
  ]

  /// Names of adapters in folders of their own.
  static let adapterNames = ["adapter_model", "pytorch_lora_weights"]

  /// The ending of a format that is read; nil for other names.
  static func ending(of name: String) -> String? {
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex, !isBookkeeping(name) else { return nil }
    let ending = name[name.index(after: dot)...].lowercased()
    return endings.contains(ending) ? ending : nil
  }

  static func isReadable(_ name: String) -> Bool { ending(of: name) != nil }

  /// A name without the ending of a format, and without that of a part.
  static func stem(_ name: String) -> String {
    guard let ending = ending(of: name) else { return name }
    let whole = String(name.dropLast(ending.utf8.count + 1))
    if let part = PartName(name) { return part.stem }
    return whole.hasSuffix(".weights") && ending.hasPrefix("h") ? String(whole.dropLast(".weights".count)) : whole
  }

  /// What a file or folder of this name is, if it holds weights in a form that is not read.
  static func foreign(_ name: String) -> String? {
    let name = name.lowercased()
    return foreignForms.first { name.hasSuffix($0.ending) }?.what
  }

  private static let foreignForms: [(ending: String, what: String)] = [
    (".distcp", "a checkpoint of torch.distributed"), (".nemo", "an archive of NeMo"),
    (".keras", "an archive of Keras"),
    (".msgpack", "weights of Flax"), ("manifest.ocdbt", "a checkpoint of Orbax"),
    (".mlpackage", "a package of Core ML"),
    (".mlmodel", "a model of Core ML"), (".mlmodelc", "a model of Core ML"), (".pdparams", "weights of PaddlePaddle"),
    (".pdiparams", "weights of PaddlePaddle"), (".tflite", "a model of TensorFlow Lite"),
    (".pb", "a graph of TensorFlow"),
    (".ckpt.index", "a checkpoint of TensorFlow"), (".data-00000-of-00001", "a checkpoint of TensorFlow"),
    (".ot", "weights of tch-rs"), (".caffemodel", "a model of Caffe"), (".engine", "an engine of TensorRT"),
    (".mar", "an archive of TorchServe"), (".ptl", "a program of PyTorch Mobile"), (".pte", "a program of ExecuTorch"),
    (".pt2", "an exported program of PyTorch"), (".t7", "a file of Torch 7"), (".joblib", "an archive of joblib"),
    (".llamafile", "a llamafile"), (".params", "weights of MXNet"),
  ]

  /// Downloads that have not finished.
  static func isUnfinished(_ name: String) -> Bool { unfinished.contains { name.hasSuffix($0) } }

  private static let unfinished = [
    ".incomplete", ".part", ".partial", ".crdownload", ".download", ".aria2", ".filepart",
  ]

  /// What training programs keep for themselves under the same endings.
  static func isBookkeeping(_ name: String) -> Bool {
    bookkeeping.contains { name.hasPrefix($0) } || name.contains("optim_states") || name.hasSuffix(".lock")
  }

  private static let bookkeeping = [
    "optimizer", "scheduler", "rng_state", "random_states", "scaler", "training_args", "trainer_state",
  ]

  /// Endings of what lies beside weights and is never one: not even its first bytes are read.
  static func isOther(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return others.contains(name) }
    return others.contains(name[name.index(after: dot)...].lowercased()) || isBookkeeping(name)
  }

  private static let others: Set<String> = [
    "json", "jsonl", "yaml", "yml", "toml", "ini", "cfg", "txt", "md", "rst", "html", "css", "js", "py", "ipynb", "sh",
    "c", "h", "cpp", "cu", "swift", "rs", "go", "java", "csv", "tsv", "parquet", "arrow", "feather", "db", "sqlite",
    "sqlite-wal", "sqlite-shm", "log", "out", "err", "png", "jpg", "jpeg", "gif", "webp", "svg", "bmp", "tif", "tiff",
    "mp3", "wav", "flac", "ogg", "mp4", "avi", "mkv", "webm", "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip",
    "gz", "xz", "bz2", "zst", "7z", "rar", "lock", "model", "vocab", "merges", "spm", "tiktoken", "jinja", "xml",
    "graphml", "dot", "nwk", "mmd", "lst", "sha256", "md5", "sig", "asc", "so", "o", "a", "dll", "exe", "whl",
    "LICENSE",
    "README", "Makefile", "Dockerfile",
  ]
}
