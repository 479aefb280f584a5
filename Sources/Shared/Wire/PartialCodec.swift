public import Core

/// Partials as bytes: on the wire and in the journal alike, little-endian as every processor that this
/// program runs on.
///
/// Layout: `UInt32` models, `UInt8` statistics, 3 zero bytes, then the arrays as doubles in the order
/// of `Partial`'s properties; moments take nine words per model; then the samples and the sketch as
/// floats; last a
/// 64-bit fingerprint of everything before it.
public enum PartialCodec {
  private static let headBytes = 8
  private static let tailBytes = 8
  private static let momentWords = 9

  /// The exact length of an encoded partial.
  public static func encodedBytes(
    models: Int, statistics: Statistics, samples: [SampleShape] = [], sketch: SampleShape? = nil
  ) -> Int {
    let pairs = PairIndex(models).count
    let sampled = (samples + [sketch].compactMap(\.self)).reduce(0) { $0 + $1.count } * models
    let bands = statistics.contains(.spectrum) ? SpectrumGrid.bands : 0
    return headBytes + 8 * (pairs * statistics.pairArrays + models * (momentWords + bands)) + 4 * sampled
      + tailBytes
  }

  public static func encode(_ partial: Partial) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(
      encodedBytes(
        models: partial.models, statistics: partial.statistics, samples: partial.samples.map(\.shape),
        sketch: partial.sketch?.shape))
    bytes.append(littleEndian: UInt32(partial.models))
    bytes.append(contentsOf: [partial.statistics.rawValue, 0, 0, 0])
    for array in [partial.l2, partial.l1, partial.max, partial.lowest, partial.highest] {
      bytes.append(array)
    }
    for m in partial.moments {
      bytes.append([m.count, m.mean, m.m2, m.m3, m.m4, m.minimum, m.maximum])
      bytes.append(littleEndian: m.zeros)
      bytes.append(littleEndian: m.notFinite)
    }
    bytes.append(partial.collinearRows)
    bytes.append(partial.logShrinkage)
    bytes.append(partial.bands)
    for block in partial.samples { block.values.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    // Workers have rounded them.
    for value in partial.sketch?.values ?? [] { bytes.append(littleEndian: Float(value).bitPattern) }
    bytes.append(littleEndian: Fingerprint(of: bytes).value)
    return bytes
  }

  /// Looks whether the bytes are a whole partial, without taking it apart.
  ///
  /// - Throws: `WireError` when the bytes are not a partial for so many models and statistics, or
  ///   were damaged on the way.
  public static func check(
    _ bytes: UnsafeRawBufferPointer, models: Int, statistics: Statistics, samples: [SampleShape] = [],
    sketch: SampleShape? = nil
  ) throws(WireError) {
    try checkShape(bytes, models: models, statistics: statistics, samples: samples, sketch: sketch)
    let body = UnsafeRawBufferPointer(rebasing: bytes.dropLast(tailBytes))
    var print = Fingerprint()
    print.add(body)
    var reader = ByteReader(bytes)
    reader.skip(body.count)
    guard reader.next(UInt64.self) == print.value else {
      throw WireError("a partial whose checksum does not fit: it was damaged on the way")
    }
  }

  private static func checkShape(
    _ bytes: UnsafeRawBufferPointer, models: Int, statistics: Statistics, samples: [SampleShape],
    sketch: SampleShape?
  ) throws(WireError) {
    let expected = encodedBytes(
      models: models, statistics: statistics, samples: samples, sketch: sketch)
    guard bytes.count == expected else {
      throw WireError("a partial of \(bytes.count) bytes, expected \(expected)")
    }
    var reader = ByteReader(bytes)
    guard reader.next(UInt32.self) == UInt32(models), reader.next(UInt8.self) == statistics.rawValue
    else { throw WireError("a partial of other models or statistics than asked for") }
  }

  /// - Parameter isChecked: the checksum was found to fit before; it is not looked at again.
  /// - Throws: as `check`.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, models: Int, statistics: Statistics, samples: [SampleShape] = [],
    sketch: SampleShape? = nil, isChecked: Bool = false
  ) throws(WireError) -> Partial {
    if isChecked {
      try checkShape(bytes, models: models, statistics: statistics, samples: samples, sketch: sketch)
    } else {
      try check(bytes, models: models, statistics: statistics, samples: samples, sketch: sketch)
    }
    var reader = ByteReader(bytes)
    reader.skip(headBytes)
    var partial = Partial(models: models, statistics: statistics, sketch: sketch)
    reader.fill(&partial.l2)
    reader.fill(&partial.l1)
    reader.fill(&partial.max)
    reader.fill(&partial.lowest)
    reader.fill(&partial.highest)
    var head = Array(repeating: 0.0, count: momentWords - 2)
    for i in 0..<models {
      reader.fill(&head)
      partial.moments[i] = Moments(
        count: head[0], mean: head[1], m2: head[2], m3: head[3], m4: head[4], minimum: head[5],
        maximum: head[6], zeros: reader.next(UInt64.self), notFinite: reader.next(UInt64.self))
    }
    reader.fill(&partial.collinearRows)
    reader.fill(&partial.logShrinkage)
    reader.fill(&partial.bands)
    partial.samples = samples.map { SampleBlock(shape: $0, values: reader.next($0.count * models)) }
    partial.sketch?.fill { Double(Float(bitPattern: reader.next(UInt32.self))) }
    return partial
  }
}

extension PartialCodec {
  /// Of bytes in an array.
  public static func check(
    _ bytes: [UInt8], models: Int, statistics: Statistics, samples: [SampleShape] = [],
    sketch: SampleShape? = nil
  ) throws(WireError) {
    try bytes.withUnsafeBufferPointer { bytes throws(WireError) in
      try check(UnsafeRawBufferPointer(bytes), models: models, statistics: statistics, samples: samples, sketch: sketch)
    }
  }

  /// Of bytes in an array.
  public static func decode(
    _ bytes: [UInt8], models: Int, statistics: Statistics, samples: [SampleShape] = [],
    sketch: SampleShape? = nil
  ) throws(WireError) -> Partial {
    try bytes.withUnsafeBufferPointer { bytes throws(WireError) in
      try decode(
        UnsafeRawBufferPointer(bytes), models: models, statistics: statistics, samples: samples, sketch: sketch)
    }
  }
}

extension [UInt8] {
  fileprivate mutating func append<T: FixedWidthInteger>(littleEndian value: T) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  fileprivate mutating func append(_ values: [Double]) {
    values.withUnsafeBytes { append(contentsOf: $0) }
  }
}

/// Reads little-endian numbers one after the other. The caller has checked the length.
private struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func next<T: FixedWidthInteger>(_: T.Type) -> T {
    defer { offset += MemoryLayout<T>.size }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// Floats, where they need no zeros first.
  mutating func next(_ count: Int) -> [Float] {
    let size = count * MemoryLayout<Float>.size
    defer { offset += size }
    return Array(unsafeUninitializedCapacity: count) { values, filled in
      UnsafeMutableRawBufferPointer(values).copyMemory(from: .init(rebasing: bytes[offset..<offset + size]))
      filled = count
    }
  }

  mutating func fill<T: BitwiseCopyable>(_ values: inout [T]) {
    values.withUnsafeMutableBytes { target in
      target.copyMemory(from: .init(rebasing: bytes[offset..<offset + target.count]))
      offset += target.count
    }
  }

  mutating func skip(_ count: Int) { offset += count }
}
