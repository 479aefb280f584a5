import Checkpoints
import Core
import Encodings
import Storage

extension ModelRecord {
  /// Same tensors, same shapes, same storage types.
  func hasSameSignature(as other: ModelRecord) -> Bool {
    guard tensors.count == other.tensors.count else { return false }
    struct Entry: Hashable {
      var name: String
      var text: String
    }
    func entries(_ tensors: [StoredTensor]) -> Set<Entry> {
      Set(tensors.map { Entry(name: $0.name, text: "\($0.storage)\($0.shape)") })
    }
    return entries(tensors) == entries(other.tensors)
  }
}
