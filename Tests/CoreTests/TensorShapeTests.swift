import Core
import Foundation
import System
import Testing

@Suite struct TensorShapeTests {
  @Test func aScalarHasOneElement() throws {
    let shape = try #require(TensorShape([]))
    #expect(shape.elements == 1)
    #expect(shape.rank == 0)
    #expect(shape.rows == 1)
    #expect(shape.columns == 1)
    #expect(shape.description == "[]")
  }

  @Test func aConvolutionCountsAsAMatrixOfItsOutputs() throws {
    let shape = try #require(TensorShape([320, 4, 3, 3]))
    #expect(shape.rows == 320)
    #expect(shape.columns == 36)
    #expect(shape.elements == 320 * 36)
    #expect(shape.description == "[320, 4, 3, 3]")
  }

  @Test func aVectorIsOneRow() throws {
    let shape = try #require(TensorShape([768]))
    #expect(shape.rows == 1)
    #expect(shape.columns == 768)
  }

  @Test func anEmptyTensorHasNoElements() throws {
    for extents in [[0], [0, 5], [5, 0], [0, 0]] {
      let shape = try #require(TensorShape(extents))
      #expect(shape.elements == 0)
      #expect(shape.columns == 0)
    }
  }

  @Test func negativeExtentsAreNoShape() {
    #expect(TensorShape([-1]) == nil)
    #expect(TensorShape([3, -4]) == nil)
    #expect(TensorShape([-3, -4]) == nil)
    #expect(TensorShape([0, -4]) == nil)
    #expect(TensorShape([Int.min]) == nil)
  }

  @Test func overflowingElementsAreNoShape() {
    #expect(TensorShape([Int.max, 2]) == nil)
    #expect(TensorShape([1 << 32, 1 << 31]) == nil)
    #expect(TensorShape([1 << 21, 1 << 21, 1 << 21]) == nil)
    #expect(TensorShape([1 << 31, 1 << 31])?.elements == 1 << 62)
    #expect(TensorShape([Int.max])?.elements == Int.max)
  }

  @Test func theDecodedShapeIsCheckedToo() throws {
    let shape = try #require(TensorShape([2, 3]))
    let data = try JSONEncoder().encode(shape)
    #expect(String(decoding: data, as: UTF8.self) == "[2,3]")
    #expect(try JSONDecoder().decode(TensorShape.self, from: data) == shape)
    for text in ["[-1]", "[4294967296,4294967296]", "[1.5]", "{}", "3"] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(TensorShape.self, from: Data(text.utf8))
      }
    }
  }
}
