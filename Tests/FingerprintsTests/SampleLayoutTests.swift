import Core
import Fingerprints
import Testing

/// Which weights are kept: the same ones for two models of one architecture, whatever else differs.
@Suite struct SampleLayoutTests {
  @Test func aLargerSampleBeginsWithASmallerOne() {
    for (isTable, extents) in [(false, [300, 200]), (true, [5000, 64]), (false, [40, 3000])] {
      let shape = TensorShape(extents)!
      let small = SampleLayout(shape, isTable: isTable, size: SampleShape(rows: 20, columns: 9))
      let large = SampleLayout(shape, isTable: isTable, size: SampleShape(rows: 33, columns: 30))
      #expect(Array(large.rows.prefix(20)) == small.rows && Array(large.columns.prefix(9)) == small.columns)
      #expect(Set(large.rows).count == 33 && large.rows.allSatisfy { 0..<shape.rows ~= $0 })
      #expect(Set(large.columns).count == 30 && large.columns.allSatisfy { 0..<shape.columns ~= $0 })
    }
  }

  @Test func tablesOfOtherLengthsKeepMostlyTheSameRows() {
    let size = SampleShape(rows: 512, columns: 10)
    let short = SampleLayout(TensorShape([32_000, 64])!, isTable: true, size: size)
    let long = SampleLayout(TensorShape([32_064, 64])!, isTable: true, size: size)
    #expect(short.columns == long.columns)
    #expect(Set(short.rows).intersection(long.rows).count > 500)
    #expect(short.rows.prefix(16) == long.rows.prefix(16) && short.rows.prefix(16).allSatisfy { $0 < 256 })
  }

  @Test func aSmallTensorIsKeptWhole() {
    let layout = SampleLayout(TensorShape([7, 5])!, isTable: false, size: SampleShape(rows: 64, columns: 64))
    #expect(layout.rows.sorted() == Array(0..<7) && layout.columns.sorted() == Array(0..<5))
    let table = SampleLayout(TensorShape([40, 5])!, isTable: true, size: SampleShape(rows: 64, columns: 3))
    #expect(table.rows.sorted() == Array(0..<40))
  }

  /// The places are part of the format: a change here is another version of fingerprints.
  @Test func thePlacesAreThoseOfVersion1() {
    let layout = SampleLayout(TensorShape([4096, 4096])!, isTable: false, size: SampleShape(rows: 4, columns: 4))
    let table = SampleLayout(TensorShape([32_000, 4096])!, isTable: true, size: SampleShape(rows: 18, columns: 2))
    #expect(layout.rows == [3942, 2424, 2510, 248] && layout.columns == [2704, 1644, 4062, 2026])
    #expect(table.rows.prefix(4) == [177, 127, 141, 126] && table.rows.suffix(2) == [2798, 916])
    #expect(table.columns == [1736, 2032])
    #expect(FingerprintCodec.version == 1)
  }

  @Test func modelsWithSomeMoreTensorsKeepMostOfTheSame() {
    func names(_ layers: Int) -> [(name: String, shape: TensorShape)] {
      (0..<layers).flatMap { layer in
        ["q", "k", "v", "o", "up", "down", "gate"].map { ("layers.\(layer).\($0).weight", TensorShape([512, 512])!) }
      }
    }
    let (small, large) = (TensorSelection(names(60)), TensorSelection(names(64)))
    let kept = Set(small.choices.map { names(60)[$0.tensor].name })
    let others = Set(large.choices.map { names(64)[$0.tensor].name })
    #expect(kept.count == 176 && others.count == 176)
    #expect(kept.intersection(others).count > 150)
  }
}
