internal import CHDF5
internal import Core
internal import Encodings
internal import Foundation
package import System

/// One model as an HDF5 file: the tensors, and where the weights came from.
///
/// Layout (format 4):
///   - `/` attributes `modeltree_store` (format), `model` (id)
///   - `/tensors/<name>` one dataset per tensor in the order of the original files, true shape and
///     type, either with external storage (pointing into the original file) or contiguous; `/` and
///     `%` in names are percent-encoded
///   - `/places` all of these in one piece (see `PlaceTable`): only with external storage, as tools that
///     rewrite a file move the weights in it. What is decoded by blocks or put together is there alone; a store
///     that holds its weights itself has it decoded. The stores of a run have `/places` alone, and no `/tensors`
///   - `/sources` one JSON line per original file, all of them as an array of bytes
///   - `/set_aside` likewise one line per tensor that holds no floating-point weights
///   - `/checkpoint` likewise one line: what the model was imported from (`CheckpointFacts`)
///   - `/` attribute `adapter` and `/adapter`, its configuration as JSON on a line, likewise: only for an
///     adapter that is not merged into its base
package final class ModelStore {
  package let path: String
  private let file: HDF5File
  /// Open as long as the store is: each look-up by a path from the root takes as long as two.
  private let group: HDF5Handle?

  static let formatAttribute = "modeltree_store"
  static let tensors = "/tensors"
  static let places = "/places"
  static let sources = "/sources"
  static let setAside = "/set_aside"
  static let checkpoint = "/checkpoint"
  static let adapter = "/adapter"
  static let adapterAttribute = "adapter"

  /// - Throws: `Failure` when the file is no HDF5, or not written by `modeltree import`.
  package init(path: String) throws(Failure) {
    self.path = path
    let file = try HDF5File(reading: path)
    self.file = file
    group = HDF5Handle(H5Gopen2(file.id, Self.tensors, chdf5_default()), H5Gclose)
    guard let format = file.integerAttribute(Self.formatAttribute, of: "/") else {
      throw .badInput(
        "'\(path.printable)' is an HDF5 file, but not a model store (no attribute '\(Self.formatAttribute)')",
        advice: "give the original safetensors, or a file made by 'modeltree import'")
    }
    guard format == Version.storeFormat else {
      throw .badInput(
        "'\(path.printable)' is a model store of format \(format), this program reads \(Version.storeFormat)",
        advice: "import the model again with this version")
    }
  }

  package func sources() throws(Failure) -> [SourceFile] {
    try lines(Self.sources)
  }

  package func setAside() throws(Failure) -> [SkippedTensor] {
    try lines(Self.setAside)
  }

  /// What the model was imported from.
  package func checkpoint() throws(Failure) -> CheckpointFacts {
    let facts: [CheckpointFacts] = try lines(Self.checkpoint)
    guard let first = facts.first else { throw file.unreadable(Self.checkpoint) }
    return first
  }

  /// The configuration of an adapter; nil for a model that has all its weights.
  package func adapterConfiguration() throws(Failure) -> String? {
    guard file.integerAttribute(Self.adapterAttribute, of: "/") != nil else { return nil }
    return try file.lines(Self.adapter).joined(separator: "\n")
  }

  /// All tensors, in the order of the original files.
  package func tensors() throws(Failure) -> [StoredTensor] {
    if let known = try places() { return known }
    var tensors: [StoredTensor] = []
    for name in try names() { tensors.append(try tensor(name)) }
    return tensors
  }

  /// As `tensors`, without asking for each; nil where that is not possible.
  package func places() throws(Failure) -> [StoredTensor]? {
    guard H5Lexists(file.id, Self.places, chdf5_default()) > 0 else { return nil }
    guard let known = PlaceTable.decode(try file.bytes(Self.places)) else {
      throw .badInput(
        "'\(path.printable)' has a damaged '\(Self.places)'", advice: "import the model again")
    }
    return known
  }

  /// Tensor names in the order of the original files.
  package func names() throws(Failure) -> [String] {
    guard let group else { throw file.unreadable(Self.tensors) }
    var info = H5G_info_t()
    guard H5Gget_info(group.id, &info) >= 0 else { throw file.unreadable(Self.tensors) }
    var names: [String] = []
    for index in 0..<info.nlinks {
      let length = H5Lget_name_by_idx(
        group.id, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, index, nil, 0, chdf5_default())
      guard length >= 0, length < 1 << 20 else { throw file.unreadable(Self.tensors) }
      let name = withUnsafeTemporaryAllocation(of: CChar.self, capacity: length + 1) { text in
        H5Lget_name_by_idx(
          group.id, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, index, text.baseAddress, text.count,
          chdf5_default())
        return String(cString: text.baseAddress!)
      }
      names.append(TensorName.unescaped(name))
    }
    return names
  }

  /// Looks one tensor up.
  package func tensor(_ name: String) throws(Failure) -> StoredTensor {
    chdf5_silence()
    let escaped = TensorName.escaped(name)
    let link = "\(Self.tensors)/\(escaped)"
    guard
      let group, let set = HDF5Handle(H5Dopen2(group.id, escaped, chdf5_default()), H5Dclose),
      let space = HDF5Handle(H5Dget_space(set.id), H5Sclose),
      let stored = HDF5Handle(H5Dget_type(set.id), H5Tclose)
    else { throw file.unreadable(link) }
    // One that lies in a file beside is the rule, and only its place is read.
    guard chdf5_is_virtual(set.id) == 0 else {
      throw .badInput(
        "'\(path.printable)': tensor '\(name.printable)' is put together from other files",
        advice: "import the model again")
    }
    guard let encoding = Encoding(hdf5: stored.id) else {
      throw .badInput(
        "'\(path.printable)': tensor '\(name.printable)' has a type that stands for no known encoding",
        advice: "import the model again")
    }
    let rank = H5Sget_simple_extent_ndims(space.id)
    guard rank >= 0 else { throw file.unreadable(link) }
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    H5Sget_simple_extent_dims(space.id, &extents, nil)
    guard let shape = TensorShape(extents.map { Int(clamping: $0) }) else {
      throw file.unreadable(link)
    }
    let (place, offset) = try location(of: set, link)
    let tensor = StoredTensor(name: name, encoding: encoding, shape: shape, file: place, offset: offset)
    guard tensor.isPossible else { throw file.unreadable(link) }
    return tensor
  }

  private func location(of set: HDF5Handle, _ link: String) throws(Failure) -> (String, Int) {
    guard let creation = HDF5Handle(H5Dget_create_plist(set.id), H5Pclose) else {
      throw file.unreadable(link)
    }
    if H5Pget_external_count(creation.id) == 1 {
      var offset: off_t = 0
      var bytes: hsize_t = 0
      let place = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1 << 13) { name -> String? in
        guard H5Pget_external(creation.id, 0, name.count - 1, name.baseAddress, &offset, &bytes) >= 0 else {
          return nil
        }
        // The library ends it with a zero only where there is room.
        let text = name.prefix(name.count - 1).prefix { $0 != 0 }
        return String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      }
      guard let place else { throw file.unreadable(link) }
      return (place, Int(offset))
    }
    let address = H5Dget_offset(set.id)
    guard address != chdf5_undefined_address() else { throw file.unreadable(link) }
    return (path, Int(address))
  }

  private func lines<T: Decodable>(_ name: String) throws(Failure) -> [T] {
    let lines = try file.lines(name)
    do {
      return try lines.map { try JSONDecoder().decode(T.self, from: Data($0.utf8)) }
    } catch {
      throw file.unreadable(name)
    }
  }
}

/// A tensor that is not compared: no floating-point weights, or no weights at all.
package struct SkippedTensor: Sendable, Hashable, Codable {
  package var name: String
  /// As the file names it: `I64`, `F8_E4M3`, ...
  package var type: String
  package var extents: [Int]
  /// Why it is not compared, where its type does not say so.
  package var reason: String?

  package init(name: String, type: String, extents: [Int], reason: String? = nil) {
    self.name = name
    self.type = type
    self.extents = extents
    self.reason = reason
  }
}

/// Tensor names as HDF5 link names: `/` would open a group, `.` alone means "here".
///
/// Literally: a `/` below a combining mark is another character to Swift, but a `/` to HDF5.
enum TensorName {
  static func escaped(_ name: String) -> String {
    if name == "." { return "%2E" }
    guard name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "%") }) else { return name }
    return replace("/", by: "%2F", in: replace("%", by: "%25", in: name))
  }

  static func unescaped(_ link: String) -> String {
    if link == "%2E" { return "." }
    guard link.utf8.contains(UInt8(ascii: "%")) else { return link }
    return replace("%25", by: "%", in: replace("%2F", by: "/", in: link))
  }

  private static func replace(_ text: String, by other: String, in name: String) -> String {
    name.replacingOccurrences(of: text, with: other, options: .literal)
  }
}
