internal import Core
internal import Foundation
package import System

/// Fingerprints as bytes, little-endian; docs/registry.md has the layout.
package enum FingerprintCodec {
  /// Of the layout and of how what is in it is chosen and computed: fingerprints of different versions cannot be
  /// compared.
  package static let version: UInt32 = 1
  private static let magic: UInt32 = 0x3150_464d  // "MFP1"
  private static let longestFacts = 16 << 10
  private static let mostTensors = 1024
  private static let mostExtents = 8

  package static func encode(_ fingerprint: ModelFingerprint) -> [UInt8] {
    var bytes = FingerprintBytes()
    bytes.add(magic)
    bytes.add(version)
    let facts = Array(JSONText.data(of: fingerprint.facts))
    bytes.add(UInt32(facts.count))
    bytes.add(facts)
    bytes.add(UInt32(fingerprint.contents.count))
    for content in fingerprint.contents {
      bytes.add(content.hash)
      bytes.add(UInt64(content.weights))
    }
    bytes.add(UInt32(fingerprint.tensors.count))
    for tensor in fingerprint.tensors { add(tensor, to: &bytes) }
    return bytes.bytes
  }

  private static func add(_ tensor: FingerprintTensor, to bytes: inout FingerprintBytes) {
    let name = Array(tensor.name.utf8)
    bytes.add(UInt32(name.count))
    bytes.add(name)
    bytes.add(UInt32(tensor.shape.rank))
    for extent in tensor.shape.extents { bytes.add(UInt64(extent)) }
    let moments = tensor.moments
    for value in [moments.mean, moments.m2, moments.m3, moments.m4, moments.minimum, moments.maximum] {
      bytes.add(value.bitPattern)
    }
    bytes.add(moments.zeros)
    bytes.add(tensor.content.first)
    bytes.add(tensor.content.second)
    bytes.add(Float(tensor.noise).bitPattern)
    bytes.add(Float(tensor.collinearity).bitPattern)
    bytes.add(UInt32(tensor.bands.count))
    for band in tensor.bands { bytes.add(Float(band).bitPattern) }
    bytes.add(UInt32(tensor.sample.shape.rows))
    bytes.add(UInt32(tensor.sample.shape.columns))
    for value in tensor.sample.values { bytes.add(value.bitPattern) }
  }

  /// Without the last tensors, should it be too long: those that matter least.
  static func fitted(_ fingerprint: ModelFingerprint) -> ModelFingerprint {
    var fingerprint = fingerprint
    while fingerprint.tensors.count > 1, encode(fingerprint).count > ModelFingerprint.mostBytes {
      fingerprint.tensors.removeLast(max(1, fingerprint.tensors.count / 32))
    }
    return fingerprint
  }

  /// - Throws: `Failure` (bad input): not a fingerprint, one of another version, or one that is damaged.
  package static func decode(_ data: [UInt8]) throws(Failure) -> ModelFingerprint {
    guard data.count <= ModelFingerprint.mostBytes else {
      throw damaged("it has \(data.count) bytes, expected at most \(ModelFingerprint.mostBytes)")
    }
    var bytes = FingerprintBytes(data)
    do {
      guard try bytes.word() == magic else { throw FingerprintBytes.Problem("it does not begin as fingerprints do") }
      let found = try bytes.word()
      guard found == version else {
        throw Failure.badInput(
          "the fingerprint has version \(found), this program makes and compares version \(version)",
          advice: "fingerprint the model again, or use the modeltree that made it")
      }
      let facts = try bytes.take(try bytes.count(atMost: longestFacts))
      guard let known = try? JSONDecoder().decode(FingerprintFacts.self, from: Data(facts)) else {
        throw FingerprintBytes.Problem("its facts cannot be read")
      }
      var contents: [ModelFingerprint.Content] = []
      for _ in 0..<(try bytes.count(atMost: ModelFingerprint.mostContents)) {
        contents.append(.init(hash: try bytes.long(), weights: try bytes.size()))
      }
      var tensors: [FingerprintTensor] = []
      for _ in 0..<(try bytes.count(atMost: mostTensors)) { tensors.append(try tensor(&bytes)) }
      guard bytes.isAtEnd else { throw FingerprintBytes.Problem("it goes on behind its end") }
      return ModelFingerprint(facts: known, tensors: tensors, contents: contents)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw damaged("\(error)")
    }
  }

  private static func tensor(_ bytes: inout FingerprintBytes) throws -> FingerprintTensor {
    let name = String(decoding: try bytes.take(try bytes.count(atMost: 2 * TensorKey.longestName)), as: UTF8.self)
    var extents: [Int] = []
    for _ in 0..<(try bytes.count(atMost: mostExtents)) { extents.append(try bytes.size()) }
    guard let shape = TensorShape(extents), shape.elements > 0 else {
      throw FingerprintBytes.Problem("a tensor has the impossible shape \(extents)")
    }
    var sums: [Double] = []
    for _ in 0..<6 { sums.append(try bytes.double()) }
    let moments = Moments(
      count: Double(shape.elements), mean: sums[0], m2: sums[1], m3: sums[2], m4: sums[3], minimum: sums[4],
      maximum: sums[5], zeros: try bytes.long(), notFinite: 0)
    guard sums.allSatisfy(\.isFinite), sums[1] >= 0 else {
      throw FingerprintBytes.Problem("'\(name.printable)' has impossible moments")
    }
    let content = ContentHash(first: try bytes.long(), second: try bytes.long())
    let (noise, collinearity) = (try bytes.float(), try bytes.float())
    let bands = try (0..<(try bytes.count(atMost: SpectrumGrid.bands))).map { _ in Double(try bytes.float()) }
    let size = SampleShape(rows: try bytes.count(atMost: shape.rows), columns: try bytes.count(atMost: shape.columns))
    guard size.rows <= 4096, size.columns <= 4096, size.count <= ModelFingerprint.mostBytes / 4,
      bands.isEmpty || bands.count == SpectrumGrid.bands
    else { throw FingerprintBytes.Problem("'\(name.printable)' has an impossible sample") }
    let values = try (0..<size.count).map { _ in try bytes.float() }
    return FingerprintTensor(
      name: name, shape: shape, moments: moments, content: content, noise: Double(noise),
      collinearity: Double(collinearity), bands: bands, sample: SampleBlock(shape: size, values: values))
  }

  private static func damaged(_ reason: String) -> Failure {
    .badInput("the fingerprint is damaged: \(reason)", advice: "fingerprint the model again")
  }
}
