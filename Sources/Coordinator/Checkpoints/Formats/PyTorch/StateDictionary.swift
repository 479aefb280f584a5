internal import Foundation
internal import System

/// The tensors of a network among everything that a training program saves.
///
/// They are the root of the file, or lie under a key that says so (`state_dict`, `model`, ...), or in several
/// dictionaries whose keys become prefixes. What belongs to training alone is counted and passed over.
struct StateDictionary {
  struct Tensor {
    var name: String
    var found: TorchPickle.Found
  }

  private(set) var tensors: [Tensor] = []
  /// What was passed over, in plain words.
  private(set) var notes: [String] = []
  /// See `CheckpointFile.details`.
  private(set) var details: [String: String] = [:]

  private let pickle: TorchPickle
  /// Containers that were searched: each once, however many names lead to it.
  private var visited: Set<PickleValue> = []
  private var passedOver: [String: Int] = [:]
  /// Containers whose tensors were counted as passed over.
  private var counted: Set<PickleValue> = []
  /// Classes of objects that are neither tensors nor containers, and how many of each.
  private var opaque: [String: Int] = [:]

  private static let deepest = 64
  private static let longestName = 4096

  /// Where programs put a network's weights among other things, the best first: averaged weights are what is used.
  private static let weightKeys = [
    "state_dict", "model_state_dict", "model_state", "model", "module", "params_ema", "params", "net", "network",
    "net_state_dict", "generator", "g_ema", "netG", "weights", "ema", "ema_state_dict", "model_ema", "teacher",
    "student",
  ]

  /// Keys of what belongs to training alone, or to how it was called.
  private static let trainingWords = [
    "optimizer", "optim", "scheduler", "lr_sched", "rng_state", "scaler", "amp", "callbacks", "loops",
    "hyper_parameters",
    "hparams", "args", "cfg", "config", "train_state", "trainer", "sampler", "dataloader", "random_state",
  ]

  init(_ pickle: TorchPickle) throws(Failure) {
    self.pickle = pickle
    let root = try dictionary(under: pickle.root, depth: 0)
    try collect(root, prefix: "", depth: 0)
    summarize()
  }

  /// The value whose tensors are the network's.
  private mutating func dictionary(under value: PickleValue, depth: Int) throws(Failure) -> PickleValue {
    guard depth < 4, let entries = try members(value) else { return value }
    var direct = 0
    for entry in entries where try pickle.tensor(entry.value, entry.name) != nil { direct += 1 }
    for key in Self.weightKeys {
      // Beside the network's weights there may be single tensors, such as the state of a random number generator.
      guard let entry = entries.last(where: { $0.name == key }), try pickle.tensor(entry.value, key) == nil,
        try holdsTensors(entry.value, atLeast: max(1, direct))
      else { continue }
      for other in entries where other.name != key { try passOver(other.name, other.value) }
      return try dictionary(under: entry.value, depth: depth + 1)
    }
    return value
  }

  private static func isOfTraining(_ name: String) -> Bool {
    let name = name.lowercased()
    return trainingWords.contains {
      name == $0 || name.hasPrefix($0 + "_") || name.hasSuffix("_" + $0)
        || name.hasPrefix($0 + "s") && name.count == $0.count + 1
    }
      || name.contains("optimizer") || name.contains("rng_state")
  }

  /// Name and value of each thing inside: of a dictionary, a list of tensors, or a module that was saved whole.
  private func members(_ value: PickleValue) throws(Failure) -> [(name: String, value: PickleValue)]? {
    if let entries = pickle.heap.entries(value) {
      var members: [(name: String, value: PickleValue)] = []
      var places: [String: Int] = [:]
      members.reserveCapacity(entries.count)
      for entry in entries {
        guard Self.mayHold(entry.value), let name = key(entry.key) else { continue }
        // The last of equal keys is the one that Python keeps.
        if let place = places[name] {
          members[place].value = entry.value
        } else {
          places[name] = members.count
          members.append((name, entry.value))
        }
      }
      return members
    }
    if let object = pickle.heap.object(value), let state = object.state {
      // `nn.Module` keeps its content in three dictionaries; a state may also be a pair of two dictionaries.
      let attributes = pickle.heap.entries(state) != nil ? state : pickle.heap.items(state)?.first ?? state
      var members: [(name: String, value: PickleValue)] = []
      for part in ["_parameters", "_buffers", "_modules"] {
        for entry in pickle.heap.value(of: part, in: attributes).flatMap({ pickle.heap.entries($0) }) ?? [] {
          if Self.mayHold(entry.value), let name = key(entry.key) { members.append((name, entry.value)) }
        }
      }
      return members.isEmpty ? nil : members
    }
    if let items = pickle.heap.items(value), !items.isEmpty {
      return items.enumerated().filter { Self.mayHold($0.element) }.map { ("\($0.offset)", $0.element) }
    }
    return nil
  }

  /// Can it be a tensor, or hold some?
  private static func mayHold(_ value: PickleValue) -> Bool {
    switch value {
    case .object, .dictionary, .list, .tuple, .persistent: true
    default: false
    }
  }

  private func key(_ value: PickleValue) -> String? {
    switch value {
    case .int(let number): "\(number)"
    default: pickle.heap.text(value)
    }
  }

  private func holdsTensors(_ value: PickleValue, atLeast least: Int) throws(Failure) -> Bool {
    var seen: Set<PickleValue> = []
    return try count(value, depth: 0, limit: least, &seen) >= least
  }

  /// Tensors below a value, up to a limit.
  private func count(_ value: PickleValue, depth: Int, limit: Int, _ seen: inout Set<PickleValue>) throws(Failure)
    -> Int
  {
    if try pickle.tensor(value, "") != nil { return 1 }
    guard depth < Self.deepest, let members = try members(value), seen.insert(value).inserted else { return 0 }
    var found = 0
    for member in members {
      found += try count(member.value, depth: depth + 1, limit: limit - found, &seen)
      if found >= limit { break }
    }
    return found
  }

  private mutating func passOver(_ name: String, _ value: PickleValue) throws(Failure) {
    let tensors = try count(value, depth: 0, limit: .max, &counted)
    if tensors > 0 { passedOver[name, default: 0] += tensors }
  }

  private mutating func collect(_ value: PickleValue, prefix: String, depth: Int) throws(Failure) {
    guard depth < Self.deepest else {
      throw bad("has dictionaries more than \(Self.deepest) deep, which no state of a network has")
    }
    if let parts = pickle.parts(value) { return try add(parts, as: prefix.isEmpty ? "tensor" : prefix) }
    if let found = try pickle.tensor(value, prefix.isEmpty ? "tensor" : prefix) {
      return try add(prefix.isEmpty ? "tensor" : prefix, found)
    }
    guard let members = try members(value) else {
      if let object = pickle.heap.object(value), let global = pickle.heap.global(object.callable) {
        opaque[global.description, default: 0] += 1
      }
      return
    }
    guard visited.insert(value).inserted else { return }
    if members.contains(where: { $0.name == "W_q" }) { describe(HQQTensors.Detail(pickle, value), "\(prefix).weight") }
    for member in members {
      let isContainer = try pickle.tensor(member.value, member.name) == nil
      if isContainer, Self.isOfTraining(member.name) {
        try passOver(member.name, member.value)
        continue
      }
      try collect(member.value, prefix: prefix.isEmpty ? member.name : "\(prefix).\(member.name)", depth: depth + 1)
    }
  }

  /// The tensors that a tensor of torchao consists of, by the names that they have in safetensors files.
  private mutating func add(_ parts: TorchPickle.Parts, as name: String) throws(Failure) {
    for (key, value) in parts.members {
      let own = TorchAOTensors.entryName(name, key)
      if let found = try pickle.tensor(value, own) { try add(own, found) }
    }
    describe(TorchAOTensors.Detail(_type: parts.type, _data: .init(block_size: parts.blockSize)), name)
  }

  private mutating func describe(_ detail: some Encodable, _ name: String) {
    details[name] = JSONText.of(detail)
  }

  private mutating func add(_ name: String, _ found: TorchPickle.Found) throws(Failure) {
    guard !name.utf8.contains(0), name.utf8.count <= Self.longestName else {
      throw bad("has a tensor whose name holds a zero byte or more than \(Self.longestName) bytes")
    }
    tensors.append(Tensor(name: name, found: found))
  }

  private mutating func summarize() {
    // Beside the network's weights, a training program keeps their moving average, or a network that it learns from.
    let others = passedOver.filter { entry in
      let words = entry.key.lowercased().split { $0 == "_" || $0 == "." || $0 == "-" }
      return Self.weightKeys.contains(entry.key) || words.contains("ema")
    }
    summarize(others, "other weights of the network, such as averages, passed over")
    summarize(passedOver.filter { others[$0.key] == nil }, "not weights of the network, passed over")
    let classes = opaque.keys.sorted().prefix(3).map(\.printable).joined(separator: ", ")
    if tensors.isEmpty, !classes.isEmpty { notes.append("holds objects of \(classes), which are not read") }
  }

  private mutating func summarize(_ passedOver: [String: Int], _ what: String) {
    guard !passedOver.isEmpty else { return }
    let parts = passedOver.sorted { $0.key < $1.key }.prefix(5).map {
      "'\($0.key.printable)' (\($0.value) \($0.value == 1 ? "tensor" : "tensors"))"
    }
    let more = passedOver.count > 5 ? " and \(passedOver.count - 5) more" : ""
    notes.append("\(what): \(parts.joined(separator: ", "))\(more)")
  }

  private func bad(_ what: String) -> Failure {
    .badInput("'\(pickle.path.printable)' \(what)", advice: "the file is damaged; download or write it again")
  }
}
