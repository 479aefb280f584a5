internal import CHDF5
package import Core
internal import Encodings
internal import Foundation
internal import Glibc
package import System

/// Writes a `ModelStore`.
package enum ModelStoreWriter {
  /// How the weights get into the store.
  package enum Mode: Sendable {
    /// The datasets point into the original files: no weight is read or copied.
    case external
    /// The weights are copied, the store needs no other file.
    case copy
    /// As `external`, but with the table of places alone. HDF5 takes some 20 microseconds to make a dataset,
    /// more than comparing a small tensor takes.
    case places
  }

  /// - Parameters:
  ///   - tensors: made from the original files.
  ///   - checkpoint: what those files are.
  ///   - adapter: the configuration of an adapter that is not merged into its base.
  /// - Throws: `Failure`; nothing is left behind then.
  package static func write(
    to path: String, model: String, tensors: [StoredTensor], setAside: [SkippedTensor],
    sources: [SourceFile], checkpoint: CheckpointFacts = CheckpointFacts(), adapter: String? = nil, mode: Mode
  ) throws(Failure) {
    let temporary = AtomicFile.temporaryName(for: path)
    do throws(Failure) {
      let places = try writeStructure(temporary, model, tensors, setAside, sources, checkpoint, adapter, mode)
      if mode == .copy { try copyWeights(tensors, to: temporary, at: places) }
      try AtomicFile.commit(temporary, as: path)
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Writes a store that holds weights which are computed, as floats.
  ///
  /// - Parameters:
  ///   - tensors: names and shapes.
  ///   - sources: what they were computed from.
  ///   - values: row-major, of a tensor by its place among `tensors`; called once for each, in their order.
  /// - Throws: `Failure`, also that of `values`; nothing is left behind then.
  package static func write(
    to path: String, model: String, tensors: [(name: String, shape: TensorShape)], sources: [SourceFile],
    checkpoint: CheckpointFacts, values: (Int) throws(Failure) -> [Float]
  ) throws(Failure) {
    let stored = tensors.map { StoredTensor(name: $0.name, encoding: .f32, shape: $0.shape, file: "", offset: 0) }
    let temporary = AtomicFile.temporaryName(for: path)
    do throws(Failure) {
      let places = try writeStructure(temporary, model, stored, [], sources, checkpoint, nil, .copy)
      let target = open(temporary, O_WRONLY | O_CLOEXEC)
      guard target >= 0 else { throw copyFailed(temporary, errno) }
      defer { close(target) }
      for (number, place) in places.enumerated() {
        var numbers = try values(number)
        precondition(numbers.count == tensors[number].shape.elements)
        let outcome = numbers.withUnsafeMutableBytes { bytes -> Result<Void, Failure> in
          do throws(Failure) { return .success(try write(bytes, to: target, at: place, temporary)) } catch {
            return .failure(error)
          }
        }
        try outcome.get()
      }
      try AtomicFile.commit(temporary, as: path)
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// - Returns: the offsets of contiguous datasets in the new file, in the order of `tensors`.
  private static func writeStructure(
    _ path: String, _ model: String, _ tensors: [StoredTensor], _ setAside: [SkippedTensor],
    _ sources: [SourceFile], _ checkpoint: CheckpointFacts, _ adapter: String?, _ mode: Mode
  ) throws(Failure) -> [Int] {
    let file = try HDF5File(creating: path)
    try file.setAttribute(ModelStore.formatAttribute, of: "/", to: Version.storeFormat)
    try file.setAttribute("model", of: "/", to: model)
    var places: [Int] = []
    if mode != .places {
      try file.makeGroup(ModelStore.tensors)
      places = try makeDatasets(for: tensors, in: file, mode)
    }
    if mode != .copy {
      let table = PlaceTable.encode(tensors)
      try file.write(table, shape: [table.count], to: ModelStore.places)
    }
    try file.write(lines: sources.map { JSONText.of($0) }, to: ModelStore.sources)
    try file.write(lines: setAside.map { JSONText.of($0) }, to: ModelStore.setAside)
    try file.write(lines: [JSONText.of(checkpoint)], to: ModelStore.checkpoint)
    if let adapter {
      try file.setAttribute(ModelStore.adapterAttribute, of: "/", to: 1)
      try file.write(lines: [adapter], to: ModelStore.adapter)
    }
    try file.close()
    return places
  }

  private static func makeDatasets(for tensors: [StoredTensor], in file: HDF5File, _ mode: Mode)
    throws(Failure) -> [Int]
  {
    guard
      let group = HDF5Handle(H5Gopen2(file.id, ModelStore.tensors, chdf5_default()), H5Gclose),
      let label = HDF5File.Label("dtype")
    else { throw file.cannotWrite(ModelStore.tensors) }
    var types: [Encoding: HDF5Handle] = [:]
    var places: [Int] = []
    for tensor in tensors {
      // What cannot be shown as it is stored has its place in the table alone, or is copied decoded.
      guard let array = kept(tensor) ?? (mode == .copy ? decoded(tensor) : nil) else { continue }
      guard let type = types[array.encoding] ?? array.encoding.hdf5 else { throw file.cannotWrite(ModelStore.tensors) }
      types[array.encoding] = type
      places.append(try makeDataset(tensor.name, array, type, in: group, of: file, label, mode))
    }
    return places
  }

  /// The array that a tensor is, if HDF5 has a type for its elements.
  private static func kept(_ tensor: StoredTensor) -> StoredArray? {
    guard case .stored(let array) = tensor.recipe, array.shape == tensor.shape, array.encoding.hdf5 != nil else {
      return nil
    }
    return array
  }

  private static func decoded(_ tensor: StoredTensor) -> StoredArray {
    StoredArray(encoding: Encoding(tensor.elementType), shape: tensor.shape, file: "", offset: 0)
  }

  private static func makeDataset(
    _ name: String, _ array: StoredArray, _ type: HDF5Handle, in group: HDF5Handle, of file: HDF5File,
    _ label: HDF5File.Label, _ mode: Mode
  ) throws(Failure) -> Int {
    let link = TensorName.escaped(name)
    guard
      let space = HDF5File.space(array.shape.extents),
      let creation = HDF5Handle(H5Pcreate(chdf5_dataset_create()), H5Pclose),
      H5Pset_fill_time(creation.id, H5D_FILL_TIME_NEVER) >= 0,
      H5Pset_obj_track_times(creation.id, false) >= 0
    else { throw file.cannotWrite(link) }
    let isPlaced =
      mode == .copy
      ? H5Pset_alloc_time(creation.id, H5D_ALLOC_TIME_EARLY)
      : H5Pset_external(creation.id, array.file, off_t(array.offset), hsize_t(array.bytes))
    guard isPlaced >= 0 else { throw file.cannotWrite(link) }
    guard
      let set = HDF5Handle(
        H5Dcreate2(
          group.id, link, type.id, space.id, chdf5_default(), creation.id, chdf5_default()), H5Dclose),
      label.attach(to: set, array.encoding.name)
    else { throw file.cannotWrite("\(ModelStore.tensors)/\(link)") }
    return mode == .copy ? Int(H5Dget_offset(set.id)) : array.offset
  }

  /// Past HDF5: the datasets have been laid out and the file is closed. Byte for byte where the tensor is kept
  /// as it is stored, else decoded.
  private static func copyWeights(_ tensors: [StoredTensor], to path: String, at places: [Int])
    throws(Failure)
  {
    let target = open(path, O_WRONLY | O_CLOEXEC)
    guard target >= 0 else { throw copyFailed(path, errno) }
    defer { close(target) }
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 8 << 20, alignment: 4096)
    defer { chunk.deallocate() }
    guard let start = chunk.baseAddress else { return }
    let reader = SegmentReader()
    for (tensor, place) in zip(tensors, places) {
      let files = OpenFiles(what: tensor.name)
      let (array, type) = (kept(tensor), tensor.elementType)
      let size = array?.encoding.blockBytes ?? type.bytes
      var done = 0
      while done < tensor.shape.elements {
        let range = done..<min(done + chunk.count / size, tensor.shape.elements)
        let part = UnsafeMutableRawBufferPointer(rebasing: chunk[..<(range.count * size)])
        if let array {
          _ = try files.read(array.file, into: part, at: array.offset + done * size)
        } else {
          _ = try reader.read(tensor, range, as: type, into: start, reading: files.read)
        }
        try write(part, to: target, at: place + done * size, path)
        done = range.upperBound
      }
    }
  }

  private static func write(_ part: UnsafeMutableRawBufferPointer, to target: Int32, at place: Int, _ path: String)
    throws(Failure)
  {
    var written = 0
    while written < part.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: part[written...])
      let count = pwrite(target, rest.baseAddress, rest.count, off_t(place + written))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw copyFailed(path, errno) }
      written += count
    }
  }

  private static func copyFailed(_ path: String, _ code: Int32) -> Failure {
    .cannotWrite(
      "cannot copy weights to '\(path.printable)': \(String(cString: strerror(code)))",
      advice: "free some space, or leave out --copy: the store then points at the original files")
  }
}
