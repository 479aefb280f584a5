internal import Core
internal import Encodings
internal import Foundation
internal import Storage
internal import System

/// ONNX models (onnx/onnx.proto): the initializers of the graph. Of the graph itself nothing is read.
enum ONNXReader: CheckpointReader {
  /// Bytes that are read of everything but the numbers.
  private static let largestTable = 256 << 20

  /// `ModelProto` begins with its version, a small number, then with another of its fields; nothing else marks it.
  static func recognizes(_ head: [UInt8], fileBytes: Int) -> Bool {
    guard head.count > 2, head[0] == 0x08, 1...20 ~= head[1] else { return false }
    return [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72].contains(head[2])
  }

  static func read(_ path: String) throws(Failure) -> CheckpointFile {
    let source = try SourceFile.described(path)
    let file = try WeightFile(path: path)
    func part(_ range: Range<Int>) -> FileCursor { FileCursor(file, range: range, limit: largestTable) }
    var model = ProtobufReader(part(0..<source.bytes))
    var tensors: [ONNXTensor] = []
    var nodes = 0
    while let (field, value) = try model.next() {
      guard field == 7, case .bytes(let range) = value else { continue }
      var graph = ProtobufReader(part(range))
      while let (field, value) = try graph.next() {
        guard case .bytes(let range) = value else { continue }
        switch field {
        case 1: nodes += 1
        case 5: tensors.append(try ONNXTensor(ProtobufReader(part(range)), part: part))
        case 15: tensors.append(ONNXTensor(sparse: true))
        default: break
        }
      }
    }
    guard !tensors.isEmpty else {
      throw .badInput(
        nodes > 0
          ? "'\(path.printable)' is an ONNX graph without initializers: it holds no weights"
          : "'\(path.printable)' is not an ONNX model: it has no graph",
        advice: "give the ONNX file that has the weights")
    }
    var companions = ExternalData(beside: path)
    var entries: [(file: Int, start: Int, entry: CheckpointEntry)] = []
    for (number, tensor) in tensors.enumerated() {
      let name = tensor.name.isEmpty ? "initializer.\(number)" : tensor.name
      entries.append(try entry(name, tensor, source, &companions))
    }
    let ordered = entries.enumerated().sorted {
      ($0.element.file, $0.element.start, $0.offset) < ($1.element.file, $1.element.start, $1.offset)
    }
    return CheckpointFile(
      format: .onnx, source: source, companions: companions.sources, entries: ordered.map(\.element.entry))
  }

  private static func entry(
    _ name: String, _ tensor: ONNXTensor, _ source: SourceFile, _ companions: inout ExternalData
  )
    throws(Failure) -> (file: Int, start: Int, entry: CheckpointEntry)
  {
    let type = ONNXTensor.types[tensor.type] ?? ("type \(tensor.type)", nil)
    func bad(_ what: String) -> Failure {
      .badInput(
        "'\(source.path.printable)': initializer '\(name.printable)' \(what)",
        advice: "the file is damaged; download or write it again")
    }
    guard let shape = TensorShape(tensor.extents) else { throw bad("has an impossible shape \(tensor.extents)") }
    func entry(_ file: Int, _ start: Int, _ content: CheckpointEntry.Content) -> (Int, Int, CheckpointEntry) {
      (file, start, CheckpointEntry(name: name, type: type.name, shape: shape, content: content))
    }
    if tensor.isSparse { return entry(.max, 0, .unread("it is sparse")) }
    guard shape.elements > 0 else { return entry(.max, 0, .unread("it is empty")) }
    var (number, place, path) = (0, tensor.numbers, source.path)
    if !tensor.external.isEmpty {
      (number, place, path) = try companions.place(tensor.external, of: name)
    }
    guard let encoding = type.encoding else {
      guard let place else { return entry(.max, 0, .unread("it holds no weights")) }
      return entry(number, place.lowerBound, .packed(StoredBytes(file: path, range: place)))
    }
    guard let place else {
      return entry(
        .max, 0, .unread(tensor.isSpelledOut ? "its numbers are not stored in one piece" : "it has no numbers"))
    }
    guard let needed = encoding.bytes(of: shape.elements), needed == place.count else {
      throw bad("has \(place.count) bytes, which are not those of \(shape) of \(type.name)")
    }
    return entry(
      number, place.lowerBound,
      .recipe(.stored(StoredArray(encoding: encoding, shape: shape, file: path, offset: place.lowerBound))))
  }
}
