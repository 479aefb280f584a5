internal import Core
internal import Encodings
internal import Storage
internal import System

/// The datasets of an HDF5 file that another program wrote, and where their numbers are (The HDF Group, HDF5 File Format
/// Specification 3.0). Numbers are not read.
///
/// libhdf5 trusts files more than these can be trusted: damaged ones take it down. So this reads what Keras and h5py
/// write, with every offset checked: symbol tables and compact links; groups of the indexed kind are named.
struct ForeignHDF5 {
  struct Dataset {
    /// Groups and name, `/` between them.
    var name: String
    /// `F32`, `int64`
    var type: String
    var shape: TensorShape
    var place: Place
  }

  enum Place {
    case numbers(Encoding, offset: Int)
    /// Why they cannot be read where they are, to follow "it ".
    case unread(String)
  }

  private(set) var datasets: [Dataset] = []
  /// Groups whose content is not read.
  private(set) var unreadGroups: [String] = []

  static let mark: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

  private static let mostObjects = 1 << 20
  private static let deepest = 64

  /// - Throws: `Failure` (bad input) for a file that is damaged, or holds more than any network does.
  init(_ source: SourceFile) throws(Failure) {
    var file = try HDF5Bytes(source)
    var visited: Set<Int> = []
    var groups = [(name: "", depth: 0, header: try Self.root(&file))]
    visited.insert(groups[0].header)
    while let (group, depth, header) = groups.popLast() {
      guard depth < Self.deepest else { throw file.bad("has groups more than \(Self.deepest) deep") }
      let content = try HDF5Object(&file, at: header)
      guard content.layout == nil else { throw file.bad("has a dataset where a group should be") }
      if content.hasIndexedLinks { unreadGroups.append(group) }
      for link in try content.links + Self.symbols(of: content, &file) {
        let name = group.isEmpty ? link.name : "\(group)/\(link.name)"
        guard visited.insert(link.header).inserted else { continue }
        guard visited.count < Self.mostObjects else { throw file.bad("has more than \(Self.mostObjects) objects") }
        let object = try HDF5Object(&file, at: link.header)
        if object.layout != nil {
          datasets.append(try Self.dataset(name, object, file))
        } else {
          groups.append((name, depth + 1, link.header))
        }
      }
    }
    datasets.sort { $0.name < $1.name }
  }

  /// Is the file a store of this program? What is not HDF5 at all counts as one: reading it says what is wrong.
  static func isStore(_ path: String) -> Bool {
    guard let source = try? SourceFile.described(path), var file = try? HDF5Bytes(source),
      (try? file.bytes(at: 0, 8)) == mark
    else { return true }
    guard let root = try? root(&file), let object = try? HDF5Object(&file, at: root) else { return false }
    return object.attributes.contains("modeltree_store")
  }

  /// Where the header of the root group is.
  private static func root(_ file: inout HDF5Bytes) throws(Failure) -> Int {
    guard try file.bytes(at: 0, 8) == mark else { throw file.bad("is not an HDF5 file") }
    let head = try file.bytes(at: 8, 40)
    let version = head[0]
    let (sizes, base, root): (ArraySlice<UInt8>, Int, Int)
    switch version {
    case 0: (sizes, base, root) = (head[5...6], 24, 64)
    case 1: (sizes, base, root) = (head[5...6], 28, 68)
    case 2, 3: (sizes, base, root) = (head[1...2], 12, 36)
    default: throw file.bad("is an HDF5 file of version \(version), which is not known")
    }
    guard Array(sizes) == [8, 8], try file.number(at: base, 8) == 0 else {
      throw file.bad("is an HDF5 file with offsets that do not count from its beginning in 8 bytes")
    }
    return try file.address(at: root)
  }

  /// The links of a group of the old kind: a B-tree of tables whose names are in a heap.
  private static func symbols(of group: HDF5Object, _ file: inout HDF5Bytes) throws(Failure) -> [HDF5Object.Link] {
    guard let table = group.symbols else { return [] }
    guard try file.bytes(at: table.heap, 4) == Array("HEAP".utf8) else { throw file.bad("has a damaged group") }
    let size = try file.number(at: table.heap + 8, 8)
    let names = try file.address(at: table.heap + 24)
    var links: [HDF5Object.Link] = []
    var nodes = [table.tree]
    var visited: Set<Int> = []
    while let node = nodes.popLast() {
      guard visited.insert(node).inserted, visited.count < mostObjects else { throw file.bad("has a group in circles") }
      let mark = try file.bytes(at: node, 8)
      let count = Int(mark[6]) | Int(mark[7]) << 8
      if mark.starts(with: "TREE".utf8), mark[4] == 0 {
        for child in 0..<count { nodes.append(try file.address(at: node + 32 + 16 * child)) }
      } else if mark.starts(with: "SNOD".utf8) {
        for entry in 0..<count {
          let place = node + 8 + 40 * entry
          let offset = try file.number(at: place, 8)
          // 2 is a link by name, which may lead out of the file.
          guard try file.number(at: place + 16, 4) != 2 else { continue }
          guard offset < size else { throw file.bad("has a link without a name") }
          links.append(.init(name: try file.text(at: names + offset), header: try file.address(at: place + 8)))
        }
      } else {
        throw file.bad("has a damaged group")
      }
    }
    return links
  }

  private static func dataset(_ name: String, _ object: HDF5Object, _ file: HDF5Bytes) throws(Failure) -> Dataset {
    guard let shape = TensorShape(object.extents ?? []) else {
      throw file.bad("has a dataset '\(name.printable)' of an impossible shape")
    }
    let type = object.type
    let place: Place
    switch object.layout {
    case _ where shape.elements == 0 || object.extents == nil: place = .unread("is empty")
    case _ where type?.encoding == nil: place = .unread("holds no floating-point numbers that are read")
    case _ where object.isFiltered: place = .unread("is compressed")
    case _ where object.isExternal: place = .unread("keeps its numbers in another file")
    case .contiguous(let address, let bytes):
      guard let encoding = type?.encoding, let needed = encoding.bytes(of: shape.elements) else {
        throw file.bad("has a dataset '\(name.printable)' of an impossible shape")
      }
      guard let address else {
        place = .unread("was never written")
        break
      }
      guard needed <= bytes, address <= file.count, needed <= file.count - address else {
        throw file.bad("has a dataset '\(name.printable)' of \(shape) that reaches beyond the file")
      }
      place = .numbers(encoding, offset: address)
    case .compact: place = .unread("keeps its numbers among the descriptions (compact)")
    case .chunked: place = .unread("is stored in chunks")
    default: place = .unread("is put together from other files")
    }
    return Dataset(name: name, type: type?.name ?? "other", shape: shape, place: place)
  }
}
