internal import System

extension TorchPickle {
  /// A tensor of torchao, which consists of tensors and says how they make one.
  struct Parts {
    /// Its class, without the module.
    var type: String
    /// Everything that is set in the object.
    var members: [(key: String, value: PickleValue)]
    var blockSize: [Int]?
  }

  private static let parameters: Set<String> = [
    "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state", "torch.nn.parameter.Parameter",
  ]

  /// The parts of a value that is such a tensor; nil where it is none.
  func parts(_ value: PickleValue) -> Parts? {
    guard var object = heap.object(value), var callable = heap.global(object.callable)?.description else { return nil }
    if Self.parameters.contains(callable), let inner = heap.items(object.arguments)?.first.flatMap({ heap.object($0) }),
      let own = heap.global(inner.callable)?.description
    {
      (object, callable) = (inner, own)
    }
    // (what makes it, class, arguments of that, state): `_reduce_ex_internal` of torch/_tensor.py.
    guard callable == "torch._tensor._rebuild_from_type_v2", let items = heap.items(object.arguments).map(Array.init),
      items.count == 4, heap.global(items[0])?.description == "torch._utils._rebuild_wrapper_subclass",
      let type = heap.global(items[1]), type.module == "torchao" || type.module.hasPrefix("torchao."),
      let state = heap.entries(items[3]) ?? heap.items(items[3])?.first.flatMap({ heap.entries($0) })
    else { return nil }
    let members = state.compactMap { entry in heap.text(entry.key).map { (key: $0, value: entry.value) } }
    // Others are named as what they are.
    guard members.contains(where: { $0.key == "qdata" }) else { return nil }
    let block = members.last { $0.key == "block_size" }?.value
    return Parts(type: type.name, members: members, blockSize: block.flatMap { heap.integers($0, atMost: 32) })
  }
}

extension HQQTensors.Detail {
  /// What the state of a layer of hqq says, itself or under `meta`.
  init(_ pickle: TorchPickle, _ layer: PickleValue) {
    let heap = pickle.heap
    func value(_ key: String) -> PickleValue? {
      heap.value(of: key, in: layer) ?? heap.value(of: "meta", in: layer).flatMap { heap.value(of: key, in: $0) }
    }
    func whole(_ key: String) -> Int? { if case .int(let number) = value(key) { number } else { nil } }
    switch value("nbits") {
    case .int(let bits): nbits = Double(bits)
    case .float(let bits): nbits = Double(Float(bits))
    default: nbits = nil
    }
    (group_size, axis, packing) = (whole("group_size"), whole("axis"), value("packing").flatMap { heap.text($0) })
    // `torch.Size`, or a tuple.
    let size = value("shape")
    shape = size.flatMap { size in
      heap.integers(size, atMost: 8)
        ?? heap.object(size).flatMap { heap.items($0.arguments)?.first }.flatMap { heap.integers($0, atMost: 8) }
    }
  }
}
