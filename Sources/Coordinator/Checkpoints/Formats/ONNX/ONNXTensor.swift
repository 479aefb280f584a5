internal import Encodings
internal import System

/// A `TensorProto` of ONNX (onnx/onnx.proto): what it says, and where its numbers are.
struct ONNXTensor {
  var name = ""
  var extents: [Int] = []
  var type = 0
  /// `raw_data`, or packed `float_data` or `double_data`.
  var numbers: Range<Int>?
  /// Are its numbers in a field that cannot be read in place?
  var isSpelledOut = false
  /// `external_data`: keys such as `location`, `offset`, `length`.
  var external: [String: String] = [:]
  /// A `SparseTensorProto`, of which nothing is read.
  var isSparse = false

  private static let longestName = 4096
  private static let mostExtents = 32
  private static let mostKeys = 16

  init(sparse: Bool) { isSparse = sparse }

  /// - Parameter reader: over the message.
  init(_ reader: ProtobufReader, part: (Range<Int>) -> FileCursor) throws(Failure) {
    var reader = reader
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .number(let extent)): try add(extent, reader)
      case (1, .bytes(let range)):
        var extents = ProtobufReader(part(range))
        while extents.cursor.left > 0 { try add(try extents.number(), reader) }
      case (2, .number(let number)): type = Int(clamping: number)
      case (4, .bytes(let range)), (9, .bytes(let range)), (10, .bytes(let range)):
        if !range.isEmpty { numbers = range }
      case (5, _), (7, _), (11, _), (4, _), (10, _): isSpelledOut = true
      case (8, .bytes(let range)): name = try Self.text(range, part)
      case (13, .bytes(let range)):
        guard external.count < Self.mostKeys else {
          throw reader.cursor.bad("describes a file of external data with too many words")
        }
        var entry = ProtobufReader(part(range))
        var (key, text) = ("", "")
        while let (field, value) = try entry.next() {
          guard case .bytes(let range) = value else { continue }
          if field == 1 { key = try Self.text(range, part) }
          if field == 2 { text = try Self.text(range, part) }
        }
        external[key] = text
      default: break
      }
    }
  }

  private mutating func add(_ extent: UInt64, _ reader: ProtobufReader) throws(Failure) {
    guard let extent = Int(exactly: extent), extents.count < Self.mostExtents else {
      throw reader.cursor.bad("has a tensor of an impossible shape")
    }
    extents.append(extent)
  }

  private static func text(_ range: Range<Int>, _ part: (Range<Int>) -> FileCursor) throws(Failure) -> String {
    var cursor = part(range)
    guard range.count <= longestName else { throw cursor.bad("has a name of \(range.count) bytes") }
    let bytes = try cursor.bytes(range.count)
    guard !bytes.contains(0) else { throw cursor.bad("has a name with a zero byte") }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `TensorProto.DataType`
  static let types: [Int: (name: String, encoding: Encoding?)] = [
    1: ("FLOAT", .f32), 2: ("UINT8", nil), 3: ("INT8", nil), 4: ("UINT16", nil), 5: ("INT16", nil), 6: ("INT32", nil),
    7: ("INT64", nil), 8: ("STRING", nil), 9: ("BOOL", nil), 10: ("FLOAT16", .f16), 11: ("DOUBLE", .f64),
    12: ("UINT32", nil), 13: ("UINT64", nil), 14: ("COMPLEX64", nil), 15: ("COMPLEX128", nil), 16: ("BFLOAT16", .bf16),
    17: ("FLOAT8E4M3FN", .f8e4m3), 18: ("FLOAT8E4M3FNUZ", nil), 19: ("FLOAT8E5M2", .f8e5m2),
    20: ("FLOAT8E5M2FNUZ", nil),
    21: ("UINT4", nil), 22: ("INT4", nil), 23: ("FLOAT4E2M1", nil),
  ]
}
