import Checkpoints
import Core
import Encodings
import Storage
import System

/// A model as its store would describe it, without any file.
func record(
  _ id: String, _ tensors: [(name: String, extents: [Int])], type: ElementType = .f32,
  setAside: [SkippedTensor] = [], bytes: Int = 100, modified: Int = 1
) -> ModelRecord {
  var offset = 8
  let stored = tensors.map { name, extents in
    guard let shape = TensorShape(extents) else { preconditionFailure("impossible shape \(extents)") }
    defer { offset += shape.elements * type.bytes }
    return StoredTensor(name: name, encoding: Encoding(type), shape: shape, file: "/\(id)", offset: offset)
  }
  return ModelRecord(
    id: id, path: "/\(id)", store: "/stores/\(id).h5", tensors: stored, setAside: setAside,
    sources: [SourceFile(path: "/\(id)", bytes: bytes, modified: modified, header: "h")])
}
