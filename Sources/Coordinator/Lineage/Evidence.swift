public import Core

/// Which tensors the rules look at.
public enum Evidence {
  /// The linear maps; where there are none (only embeddings, heads or vectors are shared), all.
  public static func linear(_ tensors: [TensorSums]) -> [TensorSums] {
    let linear = tensors.filter { $0.role == .linear }
    return linear.isEmpty ? tensors : linear
  }
}
