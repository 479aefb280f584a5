/// The format of a file that holds tensors; its raw value is what `tree.json` calls it.
package enum CheckpointFormat: String, Sendable, Hashable, Codable, CaseIterable {
  case safetensors
  case gguf
  case pytorch
  case numpy
  case hdf5
  case onnx
}
