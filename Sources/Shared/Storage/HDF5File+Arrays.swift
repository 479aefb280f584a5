internal import CHDF5
package import Core
package import System

/// Arrays of numbers and strings, as result files need them.
extension HDF5File {
  /// Makes a group and those above it.
  package func makeGroup(_ name: String) throws(Failure) {
    guard
      let links = HDF5Handle(H5Pcreate(chdf5_link_create()), H5Pclose),
      H5Pset_create_intermediate_group(links.id, 1) >= 0,
      let creation = HDF5Handle(H5Pcreate(chdf5_group_create()), H5Pclose),
      H5Pset_obj_track_times(creation.id, false) >= 0,
      H5Pset_link_creation_order(
        creation.id, UInt32(H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED)) >= 0,
      HDF5Handle(H5Gcreate2(id, name, links.id, creation.id, chdf5_default()), H5Gclose) != nil
    else { throw cannotWrite(name) }
  }

  package func write(_ values: [Double], shape: [Int], to name: String) throws(Failure) {
    try write(values, type: chdf5_f64(), shape: shape, to: name)
  }

  package func write(_ values: [Int64], shape: [Int], to name: String) throws(Failure) {
    try write(values, type: chdf5_i64(), shape: shape, to: name)
  }

  package func write(_ values: [UInt8], shape: [Int], to name: String) throws(Failure) {
    try write(values, type: chdf5_u8(), shape: shape, to: name)
  }

  /// A list of UTF-8 strings of any length.
  package func write(_ strings: [String], to name: String) throws(Failure) {
    guard
      let type = Self.stringType(),
      let space = Self.space([strings.count]),
      let set = makeSet(name, type.id, space)
    else { throw cannotWrite(name) }
    guard !strings.isEmpty else { return }
    let bytes = strings.flatMap { Array($0.utf8CString) }
    let written = bytes.withUnsafeBufferPointer { all in
      var pointers: [UnsafePointer<CChar>?] = []
      var offset = 0
      for string in strings {
        pointers.append(all.baseAddress.map { $0 + offset })
        offset += string.utf8CString.count
      }
      return H5Dwrite(set.id, type.id, chdf5_all(), chdf5_all(), chdf5_default(), pointers)
    }
    guard written >= 0 else { throw cannotWrite(name) }
  }

  /// Text as an array of bytes, UTF-8, every line ended. In files that come from elsewhere it is safer than
  /// strings of any length: these the library follows wherever a damaged file points it.
  func write(lines: [String], to name: String) throws(Failure) {
    let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
    try write(bytes, shape: [bytes.count], to: name)
  }

  /// A stack of n x n matrices, n > 0, that is written one layer after the other.
  ///
  /// - Parameter kind: how each number is stored; bytes hold 0 to 255.
  package func makeLayers(_ name: String, layers: Int, n: Int, of kind: LayerKind = .doubles)
    throws(Failure) -> Layers
  {
    guard
      let space = Self.space([layers, n, n]),
      let set = makeSet(name, kind == .bytes ? chdf5_u8() : chdf5_f64(), space)
    else { throw cannotWrite(name) }
    return Layers(file: self, name: name, set: set, n: n)
  }

  package enum LayerKind: Sendable { case doubles, bytes }

  package final class Layers {
    private let file: HDF5File
    private let name: String
    private let set: HDF5Handle
    private let n: Int

    init(file: HDF5File, name: String, set: HDF5Handle, n: Int) {
      self.file = file
      self.name = name
      self.set = set
      self.n = n
    }

    /// Layers that wait to be written, and the number of the first.
    private var waiting: [Double] = []
    private var first = 0

    /// Small layers are written many at a time: each call of the library takes longer than its numbers.
    private static let mostWaiting = 1 << 16

    /// Takes a layer, which is in the file after the next `flush`.
    package func write(_ matrix: SquareMatrix, layer: Int) throws(Failure) {
      guard n * n < Self.mostWaiting else { return try put(matrix.values, at: layer, count: 1) }
      if layer != first + waiting.count / (n * n) || waiting.count + n * n > Self.mostWaiting {
        try flush()
        first = layer
      }
      waiting += matrix.values
    }

    package func flush() throws(Failure) {
      guard !waiting.isEmpty else { return }
      try put(waiting, at: first, count: waiting.count / (n * n))
      first += waiting.count / (n * n)
      waiting.removeAll(keepingCapacity: true)
    }

    private func put(_ values: [Double], at layer: Int, count layers: Int) throws(Failure) {
      let start: [hsize_t] = [hsize_t(layer), 0, 0]
      let count: [hsize_t] = [hsize_t(layers), hsize_t(n), hsize_t(n)]
      guard
        let space = HDF5Handle(H5Dget_space(set.id), H5Sclose),
        H5Sselect_hyperslab(space.id, H5S_SELECT_SET, start, nil, count, nil) >= 0,
        let memory = HDF5File.space([layers, n, n]),
        H5Dwrite(set.id, chdf5_f64(), memory.id, space.id, chdf5_default(), values) >= 0
      else { throw file.cannotWrite(name) }
    }
  }

  /// Reads a list of strings.
  package func strings(_ name: String) throws(Failure) -> [String] {
    chdf5_silence()
    let set = try openSet(name)
    guard
      let space = HDF5Handle(H5Dget_space(set.id), H5Sclose),
      let type = Self.stringType(),
      let stored = HDF5Handle(H5Dget_type(set.id), H5Tclose),
      H5Tis_variable_str(stored.id) > 0
    else { throw unreadable(name) }
    let count = H5Sget_simple_extent_npoints(space.id)
    guard count >= 0, count < 1 << 24 else { throw unreadable(name) }
    guard count > 0 else { return [] }
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: Int(count))
    guard H5Dread(set.id, type.id, chdf5_all(), chdf5_all(), chdf5_default(), &pointers) >= 0 else {
      throw unreadable(name)
    }
    defer { H5Dvlen_reclaim(type.id, space.id, chdf5_default(), &pointers) }
    return pointers.map { $0.map { String(cString: $0) } ?? "" }
  }

  /// Reads doubles, row-major.
  package func doubles(_ name: String) throws(Failure) -> [Double] {
    try numbers(name, type: chdf5_f64(), zero: 0)
  }

  /// Reads what `write(lines:)` wrote.
  func lines(_ name: String) throws(Failure) -> [String] {
    try bytes(name).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// Reads bytes.
  func bytes(_ name: String) throws(Failure) -> [UInt8] { try numbers(name, type: chdf5_u8(), zero: 0) }

  private func numbers<T: BitwiseCopyable>(_ name: String, type: hid_t, zero: T) throws(Failure) -> [T] {
    chdf5_silence()
    let set = try openSet(name)
    guard
      let space = HDF5Handle(H5Dget_space(set.id), H5Sclose)
    else { throw unreadable(name) }
    let count = H5Sget_simple_extent_npoints(space.id)
    guard count >= 0, mayHold(Int(count), of: MemoryLayout<T>.stride) else { throw unreadable(name) }
    guard count > 0 else { return [] }
    var values = [T](repeating: zero, count: Int(count))
    guard
      H5Dread(set.id, type, chdf5_all(), chdf5_all(), chdf5_default(), &values) >= 0
    else { throw unreadable(name) }
    return values
  }

  /// May the file hold so many numbers? Nothing here is compressed: a damaged extent must not ask for more memory than the
  /// file has bytes.
  private func mayHold(_ count: Int, of bytes: Int) -> Bool {
    var fileBytes: hsize_t = 0
    return H5Fget_filesize(id, &fileBytes) >= 0 && count <= Int(clamping: fileBytes) / bytes
  }

  /// Reads a box out of an array of doubles, row-major.
  ///
  /// - Parameters:
  ///   - start: the first index of each dimension.
  ///   - count: how many of each.
  package func doubles(_ name: String, start: [Int], count: [Int]) throws(Failure) -> [Double] {
    chdf5_silence()
    let set = try openSet(name)
    guard
      let space = HDF5Handle(H5Dget_space(set.id), H5Sclose),
      Int(H5Sget_simple_extent_ndims(space.id)) == start.count, start.count == count.count,
      start.allSatisfy({ $0 >= 0 }), let box = TensorShape(count),
      mayHold(box.elements, of: MemoryLayout<Double>.stride),
      H5Sselect_hyperslab(
        space.id, H5S_SELECT_SET, start.map { hsize_t($0) }, nil, count.map { hsize_t($0) }, nil) >= 0,
      H5Sselect_valid(space.id) > 0,
      let memory = Self.space(count)
    else { throw unreadable(name) }
    var values = [Double](repeating: 0, count: box.elements)
    guard H5Dread(set.id, chdf5_f64(), memory.id, space.id, chdf5_default(), &values) >= 0 else {
      throw unreadable(name)
    }
    return values
  }

  /// A text attribute that many objects get.
  struct Label {
    private let name: String
    private let type: HDF5Handle
    private let space: HDF5Handle

    init?(_ name: String) {
      guard let type = HDF5File.stringType(), let space = HDF5Handle(H5Screate(H5S_SCALAR), H5Sclose) else {
        return nil
      }
      self.name = name
      self.type = type
      self.space = space
    }

    func attach(to object: HDF5Handle, _ text: String) -> Bool {
      guard
        let attribute = HDF5Handle(
          H5Acreate2(object.id, name, type.id, space.id, chdf5_default(), chdf5_default()), H5Aclose)
      else { return false }
      return text.withCString { pointer in
        var pointer: UnsafePointer<CChar>? = pointer
        return H5Awrite(attribute.id, type.id, &pointer) >= 0
      }
    }
  }

  package func setAttribute(_ name: String, of object: String, to text: String) throws(Failure) {
    guard
      let type = Self.stringType(),
      let space = HDF5Handle(H5Screate(H5S_SCALAR), H5Sclose),
      let attribute = attribute(name, of: object, type.id, space.id),
      text.withCString({ pointer in
        var pointer: UnsafePointer<CChar>? = pointer
        return H5Awrite(attribute.id, type.id, &pointer)
      }) >= 0
    else { throw cannotWrite("\(object)@\(name)") }
  }

  package func setAttribute(_ name: String, of object: String, to number: Int) throws(Failure) {
    var value = Int64(number)
    guard
      let space = HDF5Handle(H5Screate(H5S_SCALAR), H5Sclose),
      let attribute = attribute(name, of: object, chdf5_i64(), space.id),
      H5Awrite(attribute.id, chdf5_i64(), &value) >= 0
    else { throw cannotWrite("\(object)@\(name)") }
  }

  private func attribute(_ name: String, of object: String, _ type: hid_t, _ space: hid_t)
    -> HDF5Handle?
  {
    HDF5Handle(
      H5Acreate_by_name(
        id, object, name, type, space, chdf5_default(), chdf5_default(), chdf5_default()), H5Aclose)
  }

  /// An attribute that is one integer; nil when there is none.
  package func integerAttribute(_ name: String, of object: String) -> Int? {
    var value: Int64 = 0
    guard
      H5Aexists_by_name(id, object, name, chdf5_default()) > 0,
      let attribute = HDF5Handle(
        H5Aopen_by_name(id, object, name, chdf5_default(), chdf5_default()), H5Aclose),
      let space = HDF5Handle(H5Aget_space(attribute.id), H5Sclose),
      let type = HDF5Handle(H5Aget_type(attribute.id), H5Tclose),
      // The library writes as many numbers as there are.
      H5Sget_simple_extent_npoints(space.id) == 1, H5Tget_class(type.id) == H5T_INTEGER,
      H5Aread(attribute.id, chdf5_i64(), &value) >= 0
    else { return nil }
    return Int(value)
  }

  private func write<T: BitwiseCopyable>(_ values: [T], type: hid_t, shape: [Int], to name: String) throws(Failure) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
    guard
      let space = Self.space(shape),
      let set = makeSet(name, type, space),
      values.withUnsafeBytes({
        $0.isEmpty
          || H5Dwrite(set.id, type, chdf5_all(), chdf5_all(), chdf5_default(), $0.baseAddress) >= 0
      })
    else { throw cannotWrite(name) }
  }

  /// Without the time of day in it: equal results are equal files.
  private func makeSet(_ name: String, _ type: hid_t, _ space: HDF5Handle) -> HDF5Handle? {
    guard
      let creation = HDF5Handle(H5Pcreate(chdf5_dataset_create()), H5Pclose),
      H5Pset_obj_track_times(creation.id, false) >= 0
    else { return nil }
    return HDF5Handle(
      H5Dcreate2(id, name, type, space.id, chdf5_default(), creation.id, chdf5_default()), H5Dclose)
  }

  static func space(_ shape: [Int]) -> HDF5Handle? {
    shape.isEmpty
      ? HDF5Handle(H5Screate(H5S_SCALAR), H5Sclose)
      : HDF5Handle(H5Screate_simple(Int32(shape.count), shape.map { hsize_t($0) }, nil), H5Sclose)
  }

  static func stringType() -> HDF5Handle? {
    guard
      let type = HDF5Handle(H5Tcopy(chdf5_c_string()), H5Tclose),
      H5Tset_size(type.id, -1) >= 0,  // H5T_VARIABLE
      H5Tset_cset(type.id, H5T_CSET_UTF8) >= 0
    else { return nil }
    return type
  }
}
