package import Core

/// A tensor as models are compared by it: its place in the network and its shape, without the conventions of whoever
/// wrote the file.
///
/// Places are called as the reference dialect of the architecture calls them (transformers' names without wrappers);
/// the orientation and the order of rows are the reference dialect's too, unless `rearrangement` says otherwise.
package struct CanonicalTensor: Sendable, Hashable {
  /// What precedes the layer's number, such as `layers.`; empty outside of layers.
  package var stack: String
  /// nil outside of layers.
  package var layer: CanonicalLayer?
  /// What follows the layer's number, such as `.mlp.up_proj.weight`; the whole name outside of layers.
  package var part: String
  package var shape: TensorShape
  /// What has to be done to the stored weights before they can be compared with those of the reference dialect; nil
  /// when they are as they should be. Part of the identity: tensors in different arrangements never match.
  package var rearrangement: Rearrangement?

  /// - Parameter name: cut at its first number, unless that is the first part of the name.
  package init(name: String, shape: TensorShape, rearrangement: Rearrangement? = nil) {
    self.shape = shape
    self.rearrangement = rearrangement
    guard let number = Self.layerNumber(in: name), let layer = Int(name[number]) else {
      stack = ""
      part = name
      return
    }
    stack = String(name[..<number.lowerBound])
    self.layer = CanonicalLayer(layer)
    part = String(name[number.upperBound...])
  }

  /// A name with `#` in the place of each number: the same for a tensor of every layer and expert.
  package static func template(of name: String) -> String { NameTemplate(name).text(from: 0) }

  package var name: String { "\(stack)\(layer?.description ?? "")\(part)" }

  /// What the tensor does in its network.
  package var role: TensorRole { TensorRole(networkPart, shape: shape) }

  package var networkPart: NetworkPart { NetworkPart(ofName: name) }

  /// The first part of a name that is a number as people write it: without a sign and without leading zeros, so that
  /// the name can be put together again.
  private static func layerNumber(in name: String) -> Range<String.Index>? {
    let bytes = name.utf8
    var start = bytes.startIndex
    while let dot = bytes[start...].firstIndex(of: UInt8(ascii: ".")) {
      start = bytes.index(after: dot)
      let end = bytes[start...].firstIndex(of: UInt8(ascii: ".")) ?? bytes.endIndex
      let digits = bytes[start..<end]
      let isNumber =
        !digits.isEmpty && digits.count <= 9 && digits.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        && (digits.count == 1 || digits.first != UInt8(ascii: "0"))
      if isNumber { return start..<end }
    }
    return nil
  }
}
