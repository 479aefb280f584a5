internal import CHDF5
package import Core
package import Encodings
package import System

/// The datasets of an HDF5 file that another program wrote, at any depth, and where their numbers are.
package struct HDF5Inventory {
  package struct Dataset: Sendable {
    /// Groups and name, `/` between them.
    package var name: String
    /// `float32`, `int64`, as far as it is one of numbers.
    package var type: String
    package var shape: TensorShape
    package var place: Place
  }

  package enum Place: Sendable {
    case numbers(Encoding, offset: Int)
    /// Why they cannot be read where they are, to follow "it ".
    case unread(String)
  }

  package private(set) var datasets: [Dataset] = []

  private static let mostObjects = 1 << 20
  private static let deepest = 64
  private static let longestName = 4096

  /// - Throws: `Failure` (bad input) when the file is damaged, or holds more than any network does.
  package init(path: String) throws(Failure) {
    let file = try HDF5File(reading: path)
    chdf5_silence()
    var visited: Set<UInt64> = []
    var groups: [(name: String, depth: Int)] = [("", 0)]
    while let (group, depth) = groups.popLast() {
      guard depth < Self.deepest else { throw Self.bad(path, "has groups more than \(Self.deepest) deep") }
      guard let handle = HDF5Handle(H5Gopen2(file.id, "/\(group)", chdf5_default()), H5Gclose) else {
        throw file.unreadable("/\(group)")
      }
      for name in try Self.links(of: handle, file, group) {
        guard visited.count < Self.mostObjects else {
          throw Self.bad(path, "has more than \(Self.mostObjects) objects")
        }
        let whole = group.isEmpty ? name : "\(group)/\(name)"
        guard let object = HDF5Handle(H5Oopen(handle.id, name, chdf5_default()), H5Oclose) else {
          // Written by a newer library, or damaged.
          datasets.append(
            Dataset(
              name: whole, type: "unknown", shape: .scalar,
              place: .unread("cannot be opened by HDF5 \(HDF5File.libraryVersion): \(HDF5File.lastError)")))
          continue
        }
        var facts = H5O_info_t()
        guard H5Oget_info2(object.id, &facts, UInt32(H5O_INFO_BASIC)) >= 0 else { throw file.unreadable("/\(whole)") }
        guard visited.insert(UInt64(facts.addr)).inserted else { continue }
        switch facts.type {
        case H5O_TYPE_GROUP: groups.append((whole, depth + 1))
        case H5O_TYPE_DATASET: datasets.append(try Self.dataset(whole, object, file))
        default: break
        }
      }
    }
  }

  /// Names of what a group itself holds: links to elsewhere, also in other files, are not followed.
  private static func links(of group: HDF5Handle, _ file: HDF5File, _ name: String) throws(Failure) -> [String] {
    var info = H5G_info_t()
    guard H5Gget_info(group.id, &info) >= 0, info.nlinks <= mostObjects else { throw file.unreadable("/\(name)") }
    var names: [String] = []
    for index in 0..<info.nlinks {
      let length = H5Lget_name_by_idx(group.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, chdf5_default())
      guard 0...longestName ~= length else { throw file.unreadable("/\(name)") }
      let name = withUnsafeTemporaryAllocation(of: CChar.self, capacity: length + 1) { text -> String? in
        guard
          H5Lget_name_by_idx(
            group.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, text.baseAddress, text.count, chdf5_default()) >= 0
        else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      }
      guard let name else { continue }
      var link = H5L_info_t()
      guard H5Lget_info(group.id, name, &link, chdf5_default()) >= 0, link.type == H5L_TYPE_HARD else { continue }
      names.append(name)
    }
    return names
  }

  private static func dataset(_ name: String, _ set: HDF5Handle, _ file: HDF5File) throws(Failure) -> Dataset {
    guard let space = HDF5Handle(H5Dget_space(set.id), H5Sclose), let type = HDF5Handle(H5Dget_type(set.id), H5Tclose),
      let creation = HDF5Handle(H5Dget_create_plist(set.id), H5Pclose)
    else { throw file.unreadable("/\(name)") }
    let rank = H5Sget_simple_extent_ndims(space.id)
    guard rank >= 0 else { throw file.unreadable("/\(name)") }
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    H5Sget_simple_extent_dims(space.id, &extents, nil)
    guard let shape = TensorShape(extents.map { Int(clamping: $0) }) else { throw file.unreadable("/\(name)") }
    let encoding = Encoding(hdf5: type.id)
    return Dataset(
      name: name, type: encoding?.name ?? Self.name(of: type.id), shape: shape,
      place: Self.place(of: set, creation, shape, encoding))
  }

  private static func place(of set: HDF5Handle, _ creation: HDF5Handle, _ shape: TensorShape, _ encoding: Encoding?)
    -> Place
  {
    guard shape.elements > 0 else { return .unread("is empty") }
    guard let encoding else { return .unread("holds no floating-point numbers that are read") }
    guard H5Pget_external_count(creation.id) == 0 else { return .unread("keeps its numbers in another file") }
    if H5Pget_nfilters(creation.id) != 0 { return .unread("is compressed") }
    switch H5Pget_layout(creation.id) {
    case H5D_CONTIGUOUS: break
    case H5D_COMPACT: return .unread("keeps its numbers among the descriptions (compact)")
    case H5D_CHUNKED: return .unread("is stored in chunks")
    default: return .unread("is put together from other files")
    }
    let address = H5Dget_offset(set.id)
    guard address != chdf5_undefined_address(), let offset = Int(exactly: address) else {
      return .unread("was never written")
    }
    return .numbers(encoding, offset: offset)
  }

  private static func name(of type: hid_t) -> String {
    let bits = 8 * H5Tget_size(type)
    return switch H5Tget_class(type) {
    case H5T_INTEGER: "int\(bits)"
    case H5T_FLOAT: "float\(bits)"
    case H5T_STRING: "text"
    default: "other"
    }
  }

  private static func bad(_ path: String, _ what: String) -> Failure {
    .badInput("'\(path.printable)' \(what), which no network's weights have", advice: "give a file of weights of Keras")
  }
}
