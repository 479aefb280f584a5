internal import Core
internal import Foundation
internal import Glibc
internal import System

/// Writes a safetensors file of float32 tensors, one after the other; complete or absent.
final class SafetensorsWriter {
  private let path: String
  private let temporary: String
  private let file: FileHandle
  private var rest: Int

  /// - Parameter tensors: in the order in which their numbers will come.
  /// - Throws: `Failure` (cannot write), naming the file.
  init(path: String, tensors: [(name: String, shape: TensorShape)]) throws(Failure) {
    self.path = path
    temporary = AtomicFile.temporaryName(for: path)
    struct Entry: Encodable {
      var dtype = "F32"
      var shape: [Int]
      var data_offsets: [Int]
    }
    var entries: [String: Entry] = [:]
    var offset = 0
    for tensor in tensors {
      let end = offset + 4 * tensor.shape.elements
      entries[tensor.name] = Entry(shape: tensor.shape.extents, data_offsets: [offset, end])
      offset = end
    }
    rest = offset
    var header = JSONText.data(of: entries)
    header.append(Data(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
    guard FileManager.default.createFile(atPath: temporary, contents: nil),
      let file = FileHandle(forWritingAtPath: temporary)
    else {
      throw .cannotWrite(
        "cannot create '\(path.printable)': \(String(cString: strerror(errno)))",
        advice: "choose a folder that you may write to")
    }
    self.file = file
    var length = UInt64(header.count).littleEndian
    try write(Data(bytes: &length, count: 8))
    try write(header)
  }

  /// Adds numbers of the tensor whose turn it is.
  func add(_ numbers: UnsafeBufferPointer<Float>) throws(Failure) {
    let bytes = UnsafeRawBufferPointer(numbers)
    rest -= bytes.count
    try write(Data(bytes))
  }

  /// Gives the file its name.
  func finish() throws(Failure) {
    precondition(rest == 0, "\(rest) bytes of the announced tensors are missing")
    do { try file.close() } catch { throw failed(error) }
    try AtomicFile.commit(temporary, as: path)
  }

  /// Removes what was written.
  func cancel() {
    try? file.close()
    unlink(temporary)
  }

  private func write(_ data: Data) throws(Failure) {
    do { try file.write(contentsOf: data) } catch {
      throw failed(error)
    }
  }

  private func failed(_ error: any Error) -> Failure {
    unlink(temporary)
    return .cannotWrite(
      "cannot write '\(path.printable)': \((error as NSError).localizedDescription)",
      advice: "free some space and run the same command again")
  }
}
