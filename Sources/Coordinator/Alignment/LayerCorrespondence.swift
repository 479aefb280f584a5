package import Naming

/// A layer of a model and the layer of the aligned models that it is.
package struct LayerCorrespondence: Sendable, Hashable {
  /// Its number in the model itself.
  package var own: Int
  package var canonical: CanonicalLayer

  package init(own: Int, canonical: CanonicalLayer) {
    self.own = own
    self.canonical = canonical
  }
}
