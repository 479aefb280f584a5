import Core
import Kernels
import System
import Testing

/// All 65536 patterns of the two short types.
@Suite struct WideningTests {
  static func value(_ bits: UInt16, _ type: ElementType) -> Double {
    type == .f16 ? Double(Float16(bitPattern: bits)) : Weights.brain(bits)
  }

  @Test(arguments: [ElementType.f16, .bf16], [ElementType.f32, .f64])
  func everyPatternAloneHasItsValue(type: ElementType, beside: ElementType) {
    let zero = Weights([0], beside)
    for pattern in UInt16.min...UInt16.max {
      let expected = Self.value(pattern, type)
      let partial = withUnsafeBytes(of: pattern) { bytes in
        let accumulator = ShardAccumulator(types: [type, beside], columns: 1, statistics: .max)
        accumulator.add(rows: [bytes.baseAddress!, zero.start], count: 1)
        return accumulator.partial
      }
      let moments = partial.moments[0]
      guard expected.isFinite else {
        #expect(moments.notFinite == 1, "\(pattern)")
        if expected.isInfinite { #expect(partial.max[0] == .infinity, "\(pattern)") }
        continue
      }
      #expect(moments.mean == expected, "\(pattern)")
      #expect(moments.minimum == expected && moments.maximum == expected, "\(pattern)")
      #expect(moments.zeros == (expected == 0 ? 1 : 0), "\(pattern)")
      #expect(moments.notFinite == 0, "\(pattern)")
      #expect(partial.max[0] == abs(expected), "\(pattern)")
    }
  }

  /// The same in bulk, where whole vectors are widened: no finite pattern is off by a bit.
  @Test(arguments: [ElementType.f16, .bf16], [ElementType.f32, .f64])
  func everyPatternInARowHasItsValue(type: ElementType, beside: ElementType) {
    for shift in [0, 1, 7] {
      let patterns = (0..<65_536).map { UInt16(truncatingIfNeeded: $0 + shift) }
        .map { Self.value($0, type).isFinite ? $0 : 0 }
      let values = Weights(patterns.map { Self.value($0, type) }, beside)
      let partial = patterns.withUnsafeBytes { bytes in
        let accumulator = ShardAccumulator(
          types: [type, beside], columns: 65_536, statistics: [.l1, .max])
        accumulator.add(rows: [bytes.baseAddress!, values.start], count: 65_536)
        return accumulator.partial
      }
      #expect(partial.l2 == [0])
      #expect(partial.l1 == [0])
      #expect(partial.max == [0])
      #expect(partial.moments[0].maximum == patterns.map { Self.value($0, type) }.max())
    }
  }
}
