package import Core
internal import System

/// Partials as bytes: on the wire and in the journal alike, little-endian as every processor that this
/// program runs on.
///
/// Layout: `UInt32` models, `UInt8` statistics, `UInt8` 1 where samples are halved, 2 zero bytes, then the
/// arrays as doubles in the order of `Partial`'s properties; moments take nine words per model; then the
/// samples and the sketch as floats; last the `Checksum` of everything before it.
///
/// Samples make megabytes of it: they are written once, and looked at where they lie. Of weights that are stored
/// as bf16 the lower half of every float is zero; where it is for all samples, the upper halves are written.
package enum PartialCodec {
  private static let headBytes = 8
  private static let tailBytes = 8
  private static let momentWords = 9
  /// In the word of the statistics.
  private static let halved: UInt32 = 1 << 8

  /// The most bytes that an encoded partial takes: exactly so many where samples are as said.
  ///
  /// - Parameter isHalved: are all weights such as bf16 holds, so that half of each sample is written?
  package static func encodedBytes(of schema: PartialSchema, isHalved: Bool = false) -> Int {
    encodedBytes(of: schema, sampleBytes: isHalved ? 2 : 4)
  }

  private static func encodedBytes(of schema: PartialSchema, sampleBytes: Int) -> Int {
    let sampled = schema.samples.reduce(0) { $0 + $1.count }
    return samplesOffset(schema)
      + schema.models * (sampleBytes * sampled + 4 * (schema.sketch?.count ?? 0)) + tailBytes
  }

  /// Where the samples start.
  private static func samplesOffset(_ schema: PartialSchema) -> Int {
    let bands = schema.statistics.contains(.spectrum) ? SpectrumGrid.bands : 0
    return headBytes
      + 8
      * (PairIndex(schema.models).count * schema.statistics.pairArrays + schema.models * (momentWords + bands))
  }

  package static func encode(_ partial: Partial) -> [UInt8] {
    let isHalved = !partial.samples.isEmpty && partial.samples.allSatisfy { $0.values.areUpperHalves }
    let length = encodedBytes(of: partial.schema, sampleBytes: isHalved ? 2 : 4)
    return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      var writer = ByteWriter(UnsafeMutableRawBufferPointer(buffer))
      write(partial, isHalved: isHalved, to: &writer)
      writer.add(Checksum.of(writer.written))
      count = writer.written.count
    }
  }

  private static func write(_ partial: Partial, isHalved: Bool, to writer: inout ByteWriter) {
    writer.add(UInt32(partial.models))
    writer.add(UInt32(partial.statistics.rawValue) | (isHalved ? halved : 0))
    for array in [partial.l2, partial.l1, partial.max, partial.lowest, partial.highest] { writer.add(array) }
    for m in partial.moments {
      writer.add([m.count, m.mean, m.m2, m.m3, m.m4, m.minimum, m.maximum])
      writer.add(m.zeros)
      writer.add(m.notFinite)
    }
    writer.add(partial.collinearRows)
    writer.add(partial.logShrinkage)
    writer.add(partial.bands)
    for block in partial.samples {
      if isHalved { writer.add(upperHalvesOf: block.values) } else { writer.add(block.values) }
    }
    // Workers have rounded them.
    for value in partial.sketch?.values ?? [] { writer.add(Float(value).bitPattern) }
  }

  /// Looks whether the bytes are a whole partial, without taking it apart.
  ///
  /// - Returns: the checksum that it carries.
  /// - Throws: `WireError` when the bytes are not a partial of this schema, or were damaged on the way.
  @discardableResult
  package static func check(_ bytes: [UInt8], as schema: PartialSchema) throws(WireError) -> UInt64 {
    let expected = encodedBytes(of: schema, sampleBytes: isHalved(bytes) ? 2 : 4)
    guard bytes.count == expected else {
      throw WireError("a partial of \(bytes.count) bytes, expected \(expected)")
    }
    var reader = ByteReader(bytes)
    guard reader.next(UInt32.self) == UInt32(schema.models),
      reader.next(UInt32.self) & ~halved == UInt32(schema.statistics.rawValue)
    else { throw WireError("a partial of other models or statistics than asked for") }
    reader.skip(bytes.count - headBytes - tailBytes)
    let checksum = reader.next(UInt64.self)
    guard checksum == bytes.withUnsafeBytes({ Checksum.of(.init(rebasing: $0.dropLast(tailBytes))) })
    else { throw WireError("a partial whose checksum does not fit: it was damaged on the way") }
    return checksum
  }

  private static func isHalved(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= headBytes else { return false }
    var reader = ByteReader(bytes)
    reader.skip(headBytes / 2)
    return reader.next(UInt32.self) & halved != 0
  }

  /// - Throws: as `check`.
  package static func decode(_ bytes: [UInt8], as schema: PartialSchema) throws(WireError) -> Partial {
    try check(bytes, as: schema)
    let models = schema.models
    var reader = ByteReader(bytes)
    var partial = sums(&reader, schema)
    let isHalved = isHalved(bytes)
    partial.samples = schema.samples.map { shape in
      let count = models * shape.count
      return SampleBlock(shape: shape, values: isHalved ? reader.nextUpperHalves(count) : reader.next(count))
    }
    partial.sketch = schema.sketch.map { shape in
      Sketch(
        shape: shape,
        values: (0..<models * shape.count).map { _ in
          Double(Float(bitPattern: reader.next(UInt32.self)))
        })
    }
    return partial
  }

  /// What is not samples or sketch; the reader ends where these begin.
  private static func sums(_ reader: inout ByteReader, _ schema: PartialSchema) -> Partial {
    reader.skip(headBytes)
    var partial = Partial(PartialSchema(models: schema.models, statistics: schema.statistics))
    func replace(_ values: inout [Double]) { values = reader.next(values.count) }
    replace(&partial.l2)
    replace(&partial.l1)
    replace(&partial.max)
    replace(&partial.lowest)
    replace(&partial.highest)
    for i in 0..<schema.models {
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
  package static func impossibility(
    in bytes: [UInt8], as schema: PartialSchema, coordinates: Int, columns: Int
  ) -> String? {
    var reader = ByteReader(bytes)
    let sums = sums(&reader, schema)
    return sums.impossibility(coordinates: coordinates, columns: columns)
      ?? oddSample(in: bytes, as: schema, moments: sums.moments)
  }

  /// Decodes what may have been made up since it was found credible, such as the content of a journal.
  ///
  /// - Throws: as `check`, and for what no honest computation could have sent.
  package static func decode(
    _ bytes: [UInt8], as schema: PartialSchema, coordinates: Int, columns: Int
  ) throws(WireError) -> Partial {
    let partial = try decode(bytes, as: schema)
    let fault =
      partial.impossibility(coordinates: coordinates, columns: columns)
      ?? oddSample(in: bytes, as: schema, moments: partial.moments)
    if let fault { throw WireError("no weights have \(fault)") }
    return partial
  }

  /// A weight in a sample that cannot be there, or nil.
  private static func oddSample(in bytes: [UInt8], as schema: PartialSchema, moments: [Moments]) -> String? {
    let isHalved = isHalved(bytes)
    var reader = ByteReader(bytes)
    reader.skip(samplesOffset(schema))
    for shape in schema.samples {
      for model in 0..<schema.models {
        let place = reader.skip((isHalved ? 2 : 4) * shape.count)
        guard moments[model].notFinite == 0 else { continue }
        let odd = bytes.withUnsafeBytes { all in
          let sample = UnsafeRawBufferPointer(rebasing: all[place])
          return firstNotFinite(sample, isHalved: isHalved)
        }
        if let odd {
          return "a weight of \(odd) in a sample of model \(model), which has finite weights alone"
        }
      }
    }
    return nil
  }

  private static func firstNotFinite(_ sample: UnsafeRawBufferPointer, isHalved: Bool) -> Float? {
    typealias Words = SIMD16<UInt32>
    let width = MemoryLayout<Words>.size
    let whole = sample.count / width * width
    // All bits of an exponent are set in NaN and infinities.
    let upper = Words(repeating: Float.infinity.bitPattern)
    let lower = Words(repeating: Float.infinity.bitPattern >> 16)
    // All are looked at before one is looked for.
    var isOdd = SIMDMask<SIMD16<Int32>>(repeating: false)
    var offset = 0
    while offset < whole {
      let words = sample.loadUnaligned(fromByteOffset: offset, as: Words.self)
      isOdd .|= (words & upper) .== upper
      if isHalved { isOdd .|= (words & lower) .== lower }
      offset += width
    }
    for place in stride(from: any(isOdd) ? 0 : whole, to: sample.count, by: isHalved ? 2 : 4) {
      let weight =
        isHalved
        ? Float(upperHalf: sample.loadUnaligned(fromByteOffset: place, as: UInt16.self))
        : sample.loadUnaligned(fromByteOffset: place, as: Float.self)
      if !weight.isFinite { return weight }
    }
    return nil
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

  mutating func add(upperHalvesOf values: [Float]) {
    let target = UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<offset + 2 * values.count])
    for (place, value) in values.enumerated() {
      target.storeBytes(of: value.upperHalf.littleEndian, toByteOffset: 2 * place, as: UInt16.self)
    }
    offset += 2 * values.count
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

  mutating func nextUpperHalves(_ count: Int) -> [Float] {
    let place = skip(2 * count)
    return [Float](unsafeUninitializedCapacity: count) { target, filled in
      bytes.withUnsafeBytes { bytes in
        for index in 0..<count {
          let half = bytes.loadUnaligned(fromByteOffset: place.lowerBound + 2 * index, as: UInt16.self)
          target.initializeElement(at: index, to: Float(upperHalf: UInt16(littleEndian: half)))
        }
      }
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

extension Float {
  fileprivate var upperHalf: UInt16 { UInt16(truncatingIfNeeded: bitPattern >> 16) }

  fileprivate init(upperHalf: UInt16) { self.init(bitPattern: UInt32(upperHalf) << 16) }
}

extension [Float] {
  /// Is there nothing in the lower halves?
  fileprivate var areUpperHalves: Bool { reduce(0) { $0 | $1.bitPattern } & 0xffff == 0 }
}
