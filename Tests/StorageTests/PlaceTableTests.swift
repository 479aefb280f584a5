import Checkpoints
import Core
import Storage
import System
import TestSupport
import Testing

/// Where tensors lie, in one piece: what the datasets say, and noticed when it is damaged.
struct PlaceTableTests {
  private let folder: TemporaryFolder
  private let weights: String
  private let names = [
    "model.layers.0/attn", "/", "%", "100%2F", ".", "..", " ", "two words", "Größe", "层.权重", "🌲", "a\nb",
    "\u{1b}[31m", "quote\"'\\", "a/\u{301}", "1 2 3", "F32 0 8 2x2 x", String(repeating: "long.", count: 400),
  ]

  init() throws {
    folder = try TemporaryFolder()
    let shapes = [[], [1], [3], [2, 3], [2, 3], [1, 1, 2, 1], [4, 1]]
    var random = SeededRandom(11)
    let tensors = names.enumerated().map { index, name in
      let type = ElementType.allCases[index % ElementType.allCases.count]
      return TestTensor.random(name, type, shapes[index % shapes.count], using: &random)
    }
    weights = try folder.write(tensors, to: "m.safetensors")
  }

  private func record(_ mode: ModelStoreWriter.Mode) throws -> ModelRecord {
    try Models.importOne(weights, into: folder.at("stores"), mode: mode)
  }

  @Test func itSaysWhatTheDatasetsSay() throws {
    let record = try record(.external)
    let store = try ModelStore(path: record.store)
    let places = try #require(try store.places())
    #expect(places.map { Array($0.name.utf8) } == names.map { Array($0.utf8) })
    for place in places { #expect(try store.tensor(place.name) == place) }
    #expect(places == record.tensors)
    #expect(try store.tensors() == places)
  }

  @Test func aStoreThatHoldsItsWeightsHasNone() throws {
    let store = try ModelStore(path: try record(.copy).store)
    #expect(try store.places() == nil)
    #expect(try store.tensors().map(\.name) == names)
  }

  @Test func aStoreOfPlacesSaysWhatAStoreOfDatasetsSays() throws {
    let whole = try ModelStore(path: try record(.external).store)
    let record = try record(.places)
    let store = try ModelStore(path: record.store)
    #expect(try store.tensors() == record.tensors)
    #expect(try store.tensors() == whole.tensors())
    #expect(try store.setAside() == whole.setAside())
    #expect(try store.sources() == whole.sources())
    #expect(throws: Failure.self) { try store.tensor(names[0]) }
  }

  @Test func anyByteTurnedOverIsNoticed() throws {
    let record = try record(.places)
    let bytes = try folder.read(record.store.droppingFolder(folder))
    let known = try #require(try ModelStore(path: record.store).places())
    // The table lies in one piece, from the number of files on.
    let mark = Array("1\0\(weights)\0F".utf8)
    let start = try #require(bytes.indices.first { bytes[$0...].starts(with: mark) })
    let end = try #require(
      bytes.indices.last { bytes[$0...].starts(with: Array("\(names[names.count - 1].suffix(20))\0".utf8)) })
    for place in stride(from: start - 17, to: end + 21, by: 7) {
      var damaged = bytes
      damaged[place] ^= 1
      let path = try folder.write(damaged, to: "damaged.h5")
      let error = try #require(
        failure { _ = try ModelStore(path: path).places() }, "byte \(place) of \(start)..<\(end)")
      #expect(error.kind == .badInput)
      #expect(error.message.contains(path))
    }
    #expect(known.count == names.count)
  }
}

extension String {
  fileprivate func droppingFolder(_ folder: TemporaryFolder) -> String {
    String(dropFirst(folder.at("").count))
  }
}
