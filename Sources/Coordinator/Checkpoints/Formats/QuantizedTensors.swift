internal import Encodings
internal import Storage

/// Brings tensors that are stored as several arrays together: packed weights with their scales and zero points.
enum QuantizedTensors {
  /// - Parameters:
  ///   - entries: all of a model.
  ///   - metadata: what the files and the model's configuration say.
  /// - Returns: the same, but one entry under the name of the plain tensor in place of those that belong together, and
  ///   what has a scale that cannot be applied not as weights.
  static func assemble(_ entries: [CheckpointEntry], metadata: [String: String]) -> [CheckpointEntry] {
    var scales = ScaleTensors()
    for entry in entries { scales.add(entry.name) }
    return entries.map { entry in
      guard case .recipe(let recipe) = entry.content, case .stored(let array) = recipe,
        array.encoding.blockBytes == 1, scales.mayScale(entry.name)
      else { return entry }
      // Unscaled, numbers of 8 bits would be compared as what they are not.
      var unread = entry
      unread.content = .unread("its scale is stored in another tensor")
      return unread
    }
  }
}
