/// A tensor as a pickle describes it: a view of a storage.
struct TorchTensor {
  /// Which storage: its key in the file.
  var storage: String
  /// nil for a tensor on the `meta` device, which has no values.
  var isMeta = false
  var type: TorchType
  /// Bytes of the storage, as the pickle says.
  var storageBytes: Int
  /// Of the first element, in elements.
  var offset: Int
  var extents: [Int]
  /// In elements.
  var strides: [Int]
  /// Why its numbers are not what it stands for; nil when they are.
  var obstacle: String?
}
