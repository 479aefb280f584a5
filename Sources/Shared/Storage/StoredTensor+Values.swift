internal import Core
public import System

extension StoredTensor {
  /// Reads the whole tensor, row-major; meant for small ones.
  public func values() throws(Failure) -> [Float] { try values(from: 0, count: shape.elements) }

  /// Reads a few of the numbers.
  ///
  /// - Throws: `Failure` when the file is cut off or cannot be read.
  public func values(from start: Int, count: Int) throws(Failure) -> [Float] {
    let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: count * type.bytes, alignment: 16)
    defer { raw.deallocate() }
    try WeightFile(path: file).read(into: raw, at: offset + start * type.bytes, what: name)
    return (0..<count).map { p in
      switch type {
      case .f64: Float(raw.loadUnaligned(fromByteOffset: 8 * p, as: Double.self))
      case .f32: raw.loadUnaligned(fromByteOffset: 4 * p, as: Float.self)
      case .f16: Self.half(raw.loadUnaligned(fromByteOffset: 2 * p, as: UInt16.self))
      case .bf16:
        Float(bitPattern: UInt32(raw.loadUnaligned(fromByteOffset: 2 * p, as: UInt16.self)) << 16)
      }
    }
  }

  /// IEEE half precision, without the type that not every platform has.
  private static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1f)
    let fraction = Float(bits & 0x3ff)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
    }
  }
}
