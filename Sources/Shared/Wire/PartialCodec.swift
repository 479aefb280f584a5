public import Core

/// Partials as bytes: on the wire and in the journal alike, little-endian as every processor that this
/// program runs on.
///
/// Layout: `UInt32` models, `UInt8` statistics, 3 zero bytes, then the arrays as doubles in the order
/// of `Partial`'s properties; moments take nine words per model; then the samples and the sketch as
/// floats; last the `Checksum` of everything before it.
///
/// Samples make megabytes of it: they are written once, and looked at where they lie.
public enum PartialCodec {
  private static let headBytes = 8
  private static let tailBytes = 8
  private static let momentWords = 9

  /// The exact length of an encoded partial.
  public static func encodedBytes(
    models: Int, statistics: Statistics, samples: [SampleShape] = [], sketch: SampleShape? = nil
  ) -> Int {
    let kept = (samples + [sketch].compactMap(\.self)).reduce(0) { $0 + $1.count } * models
    return samplesOffset(models: models, statistics) + 4 * kept + tailBytes
  }

  /// Where the samples start.
  private static func samplesOffset(models: Int, _ statistics: Statistics) -> Int {
    let bands = statistics.contains(.spectrum) ? SpectrumGrid.bands : 0
    return headBytes
      + 8 * (PairIndex(models).count * statistics.pairArrays + models * (momentWords + bands))
  }

  public static func encode(_ partial: Partial) -> [UInt8] {
    let length = encodedBytes(
      models: partial.models, statistics: partial.statistics, samples: partial.samples.map(\.shape),
      sketch: partial.sketch?.shape)
    return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      var writer = ByteWriter(UnsafeMutableRawBufferPointer(buffer))
      write(partial, to: &writer)
      writer.add(Checksum.of(writer.written))
      count = writer.written.count
    }
  }

  private static func write(_ partial: Partial, to writer: inout ByteWriter) {
    writer.add(UInt32(partial.models))
    writer.add(UInt32(partial.statistics.rawValue))
    for array in [partial.l2, partial.l1, partial.max, partial.lowest, partial.highest] { writer.add(array) }
    for m in partial.moments {
      writer.add([m.count, m.mean, m.m2, m.m3, m.m4, m.minimum, m.maximum])
      writer.add(m.zeros)
      writer.add(m.notFinite)
    }
    writer.add(partial.collinearRows)
    writer.add(partial.logShrinkage)
    writer.add(partial.bands)
    for block in partial.samples { writer.add(block.values) }
    // Workers have rounded them.
    for value in partial.sketch?.values ?? [] { writer.add(Float(value).bitPattern) }
  }

  /// Looks whether the bytes are a whole partial, without taking it apart.
  ///
  /// - Returns: the checksum that it carries.
  /// - Throws: `WireError` when the bytes are not a partial for so many models and statistics, or
  ///   were damaged on the way.
  @discardableResult
  public static func check(
    _ bytes: [UInt8], models: Int, statistics: Statistics, samples: [SampleShape] = [],
    sketch: SampleShape? = nil
  ) throws(WireError) -> UInt64 {
    let expected = encodedBytes(
      models: models, statistics: statistics, samples: samples, sketch: sketch)
    guard bytes.count == expected else {
      throw WireError("a partial of \(bytes.count) bytes, expected \(expected)")
    }
    var reader = ByteReader(bytes)
    guard reader.next(UInt32.self) == UInt32(models), reader.next(UInt32.self) == UInt32(statistics.rawValue)
    else { throw WireError("a partial of other models or statistics than asked for") }
    reader.skip(bytes.count - headBytes - tailBytes)
    let checksum = reader.next(UInt64.self)
    guard checksum == bytes.withUnsafeBytes({ Checksum.of(.init(rebasing: $0.dropLast(tailBytes))) })
    else { throw WireError("a partial whose checksum does not fit: it was damaged on the way") }
    return checksum
  }

  /// - Throws: as `check`.
  public static func decode(
    _ bytes: [UInt8], models: Int, statistics: Statistics, samples: [SampleShape] = [],
    sketch: SampleShape? = nil
  ) throws(WireError) -> Partial {
    try check(bytes, models: models, statistics: statistics, samples: samples, sketch: sketch)
    var reader = ByteReader(bytes)
    var partial = sums(&reader, models: models, statistics)
    partial.samples = samples.map { SampleBlock(shape: $0, values: reader.next(models * $0.count)) }
    partial.sketch = sketch.map { shape in
      Sketch(shape: shape, values: (0..<models * shape.count).map { _ in
        Double(Float(bitPattern: reader.next(UInt32.self)))
      })
    }
    return partial
  }

  /// What is not samples or sketch; the reader ends where these begin.
  private static func sums(_ reader: inout ByteReader, models: Int, _ statistics: Statistics) -> Partial {
    reader.skip(headBytes)
    var partial = Partial(models: models, statistics: statistics)
    func replace(_ values: inout [Double]) { values = reader.next(values.count) }
    replace(&partial.l2)
    replace(&partial.l1)
    replace(&partial.max)
    replace(&partial.lowest)
    replace(&partial.highest)
    for i in 0..<models {
      let head: [Double] = reader.next(momentWords - 2)
      partial.moments[i] = Moments(
        count: head[0], mean: head[1], m2: head[2], m3: head[3], m4: head[4], minimum: head[5],
        maximum: head[6], zeros: reader.next(UInt64.self), notFinite: reader.next(UInt64.self))
    }
    replace(&partial.collinearRows)
    replace(&partial.logShrinkage)
    replace(&partial.bands)
    return partial
  }

  /// What no honest computation could have sent.
  ///
  /// - Parameters:
  ///   - bytes: as `check` has found them right.
  ///   - coordinates: of the shard.
  ///   - columns: of the tensor.
  /// - Returns: the first thing that cannot be, or nil.
  public static func impossibility(
    in bytes: [UInt8], models: Int, statistics: Statistics, samples: [SampleShape] = [], coordinates: Int,
    columns: Int
  ) -> String? {
    var reader = ByteReader(bytes)
    let sums = sums(&reader, models: models, statistics)
    if let found = sums.impossibility(coordinates: coordinates, columns: columns) { return found }
    for shape in samples {
      for model in 0..<models {
        let place = reader.skip(4 * shape.count)
        guard sums.moments[model].notFinite == 0 else { continue }
        if let odd = bytes.withUnsafeBytes({ firstNotFinite(UnsafeRawBufferPointer(rebasing: $0[place])) }) {
          return "a weight of \(odd) in a sample of model \(model), which has finite weights alone"
        }
      }
    }
    return nil
  }

  private static func firstNotFinite(_ floats: UnsafeRawBufferPointer) -> Float? {
    typealias Words = SIMD16<UInt32>
    let width = MemoryLayout<Words>.size
    let whole = floats.count / width * width
    let exponent = Words(repeating: Float.infinity.bitPattern)
    // All are looked at before one is looked for.
    var isOdd = SIMDMask<SIMD16<Int32>>(repeating: false)
    var offset = 0
    while offset < whole {
      isOdd .|= (floats.loadUnaligned(fromByteOffset: offset, as: Words.self) & exponent) .== exponent
      offset += width
    }
    return stride(from: any(isOdd) ? 0 : whole, to: floats.count, by: 4).lazy
      .map { floats.loadUnaligned(fromByteOffset: $0, as: Float.self) }.first { !$0.isFinite }
  }
}

/// Writes little-endian numbers one after the other into memory that is large enough.
private struct ByteWriter {
  private let buffer: UnsafeMutableRawBufferPointer
  private var offset = 0

  init(_ buffer: UnsafeMutableRawBufferPointer) { self.buffer = buffer }

  var written: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<offset]) }

  mutating func add(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { add($0) }
  }

  mutating func add(_ values: [some BitwiseCopyable]) {
    values.withUnsafeBytes { add($0) }
  }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<offset + bytes.count]).copyMemory(from: bytes)
    offset += bytes.count
  }
}

/// Reads little-endian numbers one after the other. The caller has checked the length.
private struct ByteReader {
  private let bytes: [UInt8]
  private var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func next<T: FixedWidthInteger>(_: T.Type) -> T {
    defer { offset += MemoryLayout<T>.size }
    return bytes.withUnsafeBytes {
      T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self))
    }
  }

  mutating func next<T: BitwiseCopyable>(_ count: Int) -> [T] {
    let place = skip(count * MemoryLayout<T>.stride)
    return [T](unsafeUninitializedCapacity: count) { target, filled in
      bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(target).copyMemory(from: .init(rebasing: $0[place])) }
      filled = count
    }
  }

  /// - Returns: what was passed over.
  @discardableResult
  mutating func skip(_ count: Int) -> Range<Int> {
    defer { offset += count }
    return offset..<offset + count
  }
}
