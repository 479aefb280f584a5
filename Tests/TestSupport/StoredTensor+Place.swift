package import Storage

/// Of tensors that are arrays of their own.
extension StoredTensor {
  package var array: StoredArray {
    get {
      guard case .stored(let array) = recipe else { preconditionFailure("'\(name)' is put together") }
      return array
    }
    set { recipe = .stored(newValue) }
  }
}
