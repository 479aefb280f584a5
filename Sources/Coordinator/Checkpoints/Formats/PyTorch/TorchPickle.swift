internal import System

/// What the objects of a pickle are to PyTorch: which of them are tensors, and views of which storages.
///
/// This stands in for the functions that rebuild tensors (torch/_utils.py), none of which is called.
struct TorchPickle {
  let heap: PickleHeap
  let root: PickleValue
  /// The file, for messages.
  let path: String
  /// Tensors that the pickle refers to by number, in the form of before 2017.
  var numbered: [String: TorchTensor] = [:]

  init(_ pickle: (root: PickleValue, heap: PickleHeap), path: String) {
    heap = pickle.heap
    root = pickle.root
    self.path = path
  }

  /// What is found where a value is expected.
  enum Found {
    case tensor(TorchTensor)
    /// An array of NumPy.
    case array(PickledArray)
    /// A tensor, or what stands for one, that is made in a way that is not read: what makes it, and why not.
    case unread(type: String, extents: [Int], why: String)
  }

  /// An array of NumPy within the pickle.
  struct PickledArray {
    /// `<f4`.
    var type: String
    var extents: [Int]
    var isFortranOrdered: Bool
    /// In the file; nil when they are written as text.
    var bytes: Range<Int>?
  }

  /// Parameters of parameters that are followed.
  private static let deepest = 8
  /// Dimensions that HDF5 can keep.
  private static let largestRank = 32

  /// The tensor that a value stands for; nil when it is none.
  ///
  /// - Parameter name: what the file calls it, for messages.
  func tensor(_ value: PickleValue, _ name: String) throws(Failure) -> Found? {
    if case .persistent(let number) = value {
      guard let key = heap.text(heap.persistents[number]) else { return nil }
      return numbered[key].map { .tensor($0) }
    }
    guard let object = heap.object(value), let global = heap.global(object.callable),
      let arguments = heap.items(object.arguments)
    else { return nil }
    if Self.isArray(global) { return array(object).map { .array($0) } }
    return try rebuilt(global.description, Array(arguments), name, depth: 0)
  }

  private func rebuilt(_ function: String, _ arguments: [PickleValue], _ name: String, depth: Int) throws(Failure)
    -> Found?
  {
    func argument(_ index: Int) -> PickleValue { arguments.indices.contains(index) ? arguments[index] : .none }
    guard depth < Self.deepest else { throw bad(name, "is wrapped more than \(Self.deepest) times") }
    func inner(_ value: PickleValue) throws(Failure) -> Found? {
      if let object = heap.object(value), let global = heap.global(object.callable), !Self.isArray(global) {
        return try rebuilt(global.description, Array(heap.items(object.arguments) ?? []), name, depth: depth + 1)
      }
      return try tensor(value, name)
    }
    switch function {
    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
      return .tensor(try view(Array(arguments.prefix(4)), name))
    case "torch._utils._rebuild_tensor_v3":
      guard let global = heap.global(argument(6)), global.module == "torch" else { throw bad(name, "has no type") }
      guard let type = TorchType(dtype: global.name) else {
        return .unread(
          type: global.name, extents: extents(argument(2)), why: "its type torch.\(global.name.printable) is not known")
      }
      return .tensor(try view(Array(arguments.prefix(4)), name, as: type))
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
      "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer",
      "torch._utils._rebuild_device_tensor_from_cpu_tensor":
      return try inner(argument(0))
    case "torch._tensor._rebuild_from_type_v2", "torch.tensor._rebuild_from_type", "torch._tensor._rebuild_from_type":
      guard let rebuilder = heap.global(argument(0)) else { throw bad(name, "is made by nothing") }
      return try rebuilt(rebuilder.description, Array(heap.items(argument(2)) ?? []), name, depth: depth + 1)
    case "torch._utils._rebuild_qtensor": return .tensor(try quantized(arguments, name))
    case "torch._utils._rebuild_device_tensor_from_numpy", "torch._utils._rebuild_xla_tensor":
      return try inner(argument(0))
    case "torch._utils._rebuild_meta_tensor_no_storage":
      return .unread(
        type: "meta", extents: extents(argument(1)), why: "it is on the meta device, which keeps no values")
    case "torch._utils._rebuild_sparse_tensor", "torch._utils._rebuild_sparse_csr_tensor":
      return .unread(type: "sparse", extents: extents(heap.items(argument(1))?.last ?? .none), why: "it is sparse")
    case "torch._utils._rebuild_nested_tensor":
      return .unread(type: "nested", extents: [], why: "it is a nested tensor")
    case "torch._utils._rebuild_wrapper_subclass", "torch._utils._rebuild_meta_tensor":
      let type = heap.global(argument(0))?.description ?? "a class of its own"
      return .unread(
        type: type, extents: extents(argument(2)), why: "it is an object of \(type.printable), which is not read")
    default:
      // Anything else that PyTorch would make of a tensor is named, whatever it is.
      guard function.hasPrefix("torch._utils._rebuild") else { return nil }
      return .unread(type: function, extents: [], why: "it is made by \(function.printable), which is not known")
    }
  }

  /// - Parameter arguments: storage, offset, extents, strides.
  /// - Parameter type: of the elements; nil for that of the storage.
  private func view(_ arguments: [PickleValue], _ name: String, as type: TorchType? = nil) throws(Failure)
    -> TorchTensor
  {
    guard arguments.count == 4, case .int(let offset) = arguments[1], let extents = heap.integers(arguments[2]),
      let strides = heap.integers(arguments[3]), extents.count == strides.count, offset >= 0
    else { throw bad(name, "has an impossible shape") }
    guard extents.count <= Self.largestRank else {
      throw bad(name, "has \(extents.count) dimensions, more than the \(Self.largestRank) that HDF5 can keep")
    }
    guard case .persistent(let number) = arguments[0], let storage = storage(heap.persistents[number]) else {
      throw bad(name, "has no storage")
    }
    guard let type = type ?? storage.type else {
      throw bad(name, "has a storage of the type \(storage.typeName.printable), which is not known")
    }
    let (first, isTooLarge) = offset.addingReportingOverflow(storage.shift)
    guard !isTooLarge else { throw bad(name, "starts beyond any storage") }
    return TorchTensor(
      storage: storage.key, isMeta: storage.isMeta, type: type, storageBytes: storage.bytes, offset: first,
      extents: extents, strides: strides)
  }

  private func quantized(_ arguments: [PickleValue], _ name: String) throws(Failure) -> TorchTensor {
    var tensor = try view(Array(arguments.prefix(4)), name)
    let parameters = arguments.count > 4 ? heap.items(arguments[4]).map(Array.init) ?? [] : []
    let scheme = parameters.first.flatMap { heap.global($0) }?.name ?? "an unknown scheme"
    tensor.obstacle = "it is quantized by PyTorch (\(scheme.printable)), which is not read"
    return tensor
  }

  struct Storage {
    var key: String
    var type: TorchType?
    var typeName: String
    var isMeta: Bool
    /// As the pickle says.
    var bytes: Int
    /// Where a view of another storage starts in it, in elements.
    var shift: Int
  }

  /// What `("storage", class, key, location, count, view?)` says.
  func storage(_ id: PickleValue) -> Storage? {
    guard let items = heap.items(id).map(Array.init), items.count >= 5, heap.text(items[0]) == "storage",
      let global = heap.global(items[1]), case .int(let count) = items[4], count >= 0
    else { return nil }
    let key: String
    switch items[2] {
    case .int(let number): key = "\(number)"
    default:
      guard let text = heap.text(items[2]) else { return nil }
      key = text
    }
    let isUntyped = global.name == "UntypedStorage" || global.name == "_UntypedStorage"
    let type = TorchType(storage: global.name)
    let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: isUntyped ? 1 : type?.bytes ?? 1)
    var shift = 0
    if items.count > 5, let view = heap.items(items[5]).map(Array.init), view.count == 3, case .int(let start) = view[1]
    {
      shift = start
    }
    guard !isTooLarge, shift >= 0 else { return nil }
    return Storage(
      key: key, type: type, typeName: global.description, isMeta: heap.text(items[3]) == "meta", bytes: bytes,
      shift: shift)
  }

  private func extents(_ value: PickleValue) -> [Int] { heap.integers(value) ?? [] }

  // MARK: NumPy

  private static func isArray(_ global: PickleGlobal) -> Bool {
    (global.module == "numpy.core.multiarray" || global.module == "numpy._core.multiarray")
      && global.name == "_reconstruct"
      || global.module == "numpy._core.numeric" && global.name == "_frombuffer"
      || global.module == "numpy.core.numeric" && global.name == "_frombuffer"
  }

  /// `_reconstruct` with the state (version, shape, dtype, Fortran order, bytes), or since protocol 5
  /// `_frombuffer(bytes, dtype, shape, order)`.
  private func array(_ object: PickleObject) -> PickledArray? {
    if let state = object.state, let items = heap.items(state).map(Array.init), items.count == 5,
      let extents = heap.integers(items[1]), let type = dtype(items[2]), case .bool(let isFortran) = items[3]
    {
      return PickledArray(
        type: type, extents: extents, isFortranOrdered: isFortran, bytes: heap.place(ofBytes: items[4]))
    }
    guard let items = heap.items(object.arguments).map(Array.init), items.count == 4, let type = dtype(items[1]),
      let extents = heap.integers(items[2])
    else { return nil }
    return PickledArray(
      type: type, extents: extents, isFortranOrdered: heap.text(items[3]) == "F", bytes: heap.place(ofBytes: items[0]))
  }

  /// `<f4` of `numpy.dtype('f4', False, True)` with the state (3, '<', ...).
  private func dtype(_ value: PickleValue) -> String? {
    guard let object = heap.object(value), heap.global(object.callable)?.description == "numpy.dtype",
      let kind = heap.items(object.arguments)?.first.flatMap({ heap.text($0) })
    else { return nil }
    let state = object.state.flatMap { heap.items($0) }.map(Array.init) ?? []
    let order = state.count > 1 ? heap.text(state[1]) ?? "|" : "|"
    return order + kind
  }

  private func bad(_ name: String, _ what: String) -> Failure {
    .badInput(
      "'\(path.printable)': tensor '\(name.printable)' \(what)",
      advice: "the file is damaged; download or write it again")
  }
}
