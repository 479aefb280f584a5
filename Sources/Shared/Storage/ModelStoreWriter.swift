internal import CHDF5
internal import Core
internal import Encodings
internal import Foundation
internal import Glibc
public import System

/// Writes a `ModelStore`.
public enum ModelStoreWriter {
  /// How the weights get into the store.
  public enum Mode: Sendable {
    /// The datasets point into the original files: no weight is read or copied.
    case external
    /// The weights are copied, the store needs no other file.
    case copy
    /// As `external`, but with the table of places alone. HDF5 takes some 20 microseconds to make a dataset,
    /// more than comparing a small tensor takes.
    case places
  }

  /// - Parameters:
  ///   - tensors: each with the original file and offset of its weights.
  ///   - adapter: the configuration of an adapter that is not merged into its base.
  /// - Throws: `Failure`; nothing is left behind then.
  public static func write(
    to path: String, model: String, tensors: [StoredTensor], setAside: [SkippedTensor],
    sources: [SourceFile], adapter: String? = nil, mode: Mode
  ) throws(Failure) {
    let temporary = AtomicFile.temporaryName(for: path)
    do throws(Failure) {
      let places = try writeStructure(temporary, model, tensors, setAside, sources, adapter, mode)
      if mode == .copy { try copyWeights(tensors, to: temporary, at: places) }
      try AtomicFile.commit(temporary, as: path)
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// - Returns: the offsets of contiguous datasets in the new file, in the order of `tensors`.
  private static func writeStructure(
    _ path: String, _ model: String, _ tensors: [StoredTensor], _ setAside: [SkippedTensor],
    _ sources: [SourceFile], _ adapter: String?, _ mode: Mode
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
      guard let type = types[tensor.encoding] ?? tensor.encoding.hdf5 else {
        throw file.cannotWrite(ModelStore.tensors)
      }
      types[tensor.encoding] = type
      places.append(try makeDataset(for: tensor, type, in: group, of: file, label, mode))
    }
    return places
  }

  private static func makeDataset(
    for tensor: StoredTensor, _ type: HDF5Handle, in group: HDF5Handle, of file: HDF5File,
    _ label: HDF5File.Label, _ mode: Mode
  ) throws(Failure) -> Int {
    let link = TensorName.escaped(tensor.name)
    guard
      let space = HDF5File.space(tensor.shape.extents),
      let creation = HDF5Handle(H5Pcreate(chdf5_dataset_create()), H5Pclose),
      H5Pset_fill_time(creation.id, H5D_FILL_TIME_NEVER) >= 0,
      H5Pset_obj_track_times(creation.id, false) >= 0
    else { throw file.cannotWrite(link) }
    let isPlaced =
      mode == .copy
      ? H5Pset_alloc_time(creation.id, H5D_ALLOC_TIME_EARLY)
      : H5Pset_external(creation.id, tensor.file, off_t(tensor.offset), hsize_t(tensor.bytes))
    guard isPlaced >= 0 else { throw file.cannotWrite(link) }
    guard
      let set = HDF5Handle(
        H5Dcreate2(
          group.id, link, type.id, space.id, chdf5_default(), creation.id, chdf5_default()), H5Dclose),
      label.attach(to: set, tensor.encoding.name)
    else { throw file.cannotWrite("\(ModelStore.tensors)/\(link)") }
    return mode == .copy ? Int(H5Dget_offset(set.id)) : tensor.offset
  }

  /// Byte for byte, past HDF5: the datasets have been laid out and the file is closed.
  private static func copyWeights(_ tensors: [StoredTensor], to path: String, at places: [Int])
    throws(Failure)
  {
    let target = open(path, O_WRONLY | O_CLOEXEC)
    guard target >= 0 else { throw copyFailed(path, errno) }
    defer { close(target) }
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 8 << 20, alignment: 4096)
    defer { chunk.deallocate() }
    for (tensor, place) in zip(tensors, places) {
      let source = try WeightFile(path: tensor.file)
      var copied = 0
      while copied < tensor.bytes {
        let part = UnsafeMutableRawBufferPointer(
          rebasing: chunk[..<min(chunk.count, tensor.bytes - copied)])
        try source.read(into: part, at: tensor.offset + copied, what: tensor.name)
        var written = 0
        while written < part.count {
          let count = pwrite(
            target, part.baseAddress! + written, part.count - written, off_t(place + copied + written))
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { throw copyFailed(path, errno) }
          written += count
        }
        copied += part.count
      }
    }
  }

  private static func copyFailed(_ path: String, _ code: Int32) -> Failure {
    .cannotWrite(
      "cannot copy weights to '\(path.printable)': \(String(cString: strerror(code)))",
      advice: "free some space, or leave out --copy: the store then points at the original files")
  }
}
