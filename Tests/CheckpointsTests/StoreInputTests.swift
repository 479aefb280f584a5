import Checkpoints
import Core
import Encodings
import Storage
import System
import TestSupport
import Testing

/// Stores as input, and weights that changed after their import.
struct StoreInputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func makeModel(_ mode: ModelStoreWriter.Mode = .external) throws -> ModelRecord {
    let path = try folder.write([TestTensor("w", .f32, [2], [1, 2])], to: "m.safetensors")
    return try Models.importOne(path, into: folder.at("stores"), mode: mode)
  }

  private func reopen(_ record: ModelRecord) throws -> ModelRecord {
    try ModelRecord(id: record.id, path: record.path, store: record.store)
  }

  @Test func foreignFileOfHDF5IsReadByItsDatasets() throws {
    let path = folder.at("foreign.h5")
    let file = try HDF5File(creating: path)
    try file.write([1.0, 2.0], shape: [2], to: "/numbers")
    try file.close()
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.checkpoint.format == "hdf5")
    #expect(record.tensors.map(\.name) + record.setAside.map(\.name) == ["numbers"])
  }

  @Test func storeOfAnotherFormatIsNamedWithBothNumbers() throws {
    let path = folder.at("future.h5")
    let file = try HDF5File(creating: path)
    try file.setAttribute("modeltree_store", of: "/", to: 99)
    try file.close()
    let error = try #require(failure { _ = try Models.importOne(path, into: folder.at("stores")) })
    #expect(error.message.contains(path))
    #expect(error.message.contains("format 99, this program reads \(Version.storeFormat)"))
  }

  /// No program of ours writes such, but anybody can.
  @Test(arguments: [
    ([[4, 4], [4, 4]], ["a", "a"], "occurs twice"), ([[4, 4], [0, 4]], ["a", "b"], "has no weights"),
  ])
  func tensorsThatHaveNoPlaceInAPlanAreNamed(_ shapes: [[Int]], _ names: [String], _ complaint: String) throws {
    let file = try folder.write([UInt8](repeating: 0, count: 64), to: "weights.bin")
    let tensors = try zip(names, shapes).map { name, shape in
      StoredTensor(name: name, encoding: .f32, shape: try #require(TensorShape(shape)), file: file, offset: 0)
    }
    let path = folder.at("odd.h5")
    try ModelStoreWriter.write(
      to: path, model: "odd", tensors: tensors, setAside: [], sources: [], mode: .places)
    let error = try #require(failure { _ = try ModelRecord(id: "odd", path: path, store: path) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains(path) && error.message.contains("'\(names[1])' \(complaint)"), "\(error.message)")
  }

  @Test func fileThatIsNoHDF5IsNamed() throws {
    let path = try folder.write("nothing of the kind", to: "text.h5")
    let error = try #require(failure { _ = try Models.importOne(path, into: folder.at("stores")) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains(path))
  }

  @Test func storeThatIsCutOffAnywhereIsNamed() throws {
    let record = try makeModel(.copy)
    let whole = try folder.read("stores/m.h5")
    for length in stride(from: 0, to: whole.count, by: 97) {
      let path = try folder.write(Array(whole[..<length]), to: "cut.h5")
      let error = try #require(
        failure { _ = try ModelRecord(id: record.id, path: path, store: path) },
        "\(length) of \(whole.count) bytes were read")
      #expect(error.kind == .badInput)
      #expect(error.message.contains(path))
    }
  }

  @Test func missingStoreIsNamed() throws {
    let error = try #require(
      failure { _ = try ModelRecord(id: "m", path: "m", store: folder.at("none.h5")) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains(folder.at("none.h5")))
  }

  @Test func weightsOfAnotherSizeAreNamedWithBothSizes() throws {
    let record = try makeModel()
    let before = try folder.bytes(of: "m.safetensors")
    try folder.write(try folder.read("m.safetensors") + [0], to: "m.safetensors")
    let error = try #require(failure { _ = try reopen(record) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains("'m'"))
    #expect(error.message.contains(folder.at("m.safetensors")))
    #expect(error.message.contains("\(before + 1) bytes long, was \(before)"))
    #expect(error.advice.contains("import the model again"))
  }

  @Test func weightsOfAnotherTimeAreNamedWithBothTimes() throws {
    let record = try makeModel()
    try folder.touch("m.safetensors", secondsSince1970: 1_000_000_000)
    let error = try #require(failure { _ = try reopen(record) })
    #expect(error.message.contains(folder.at("m.safetensors")))
    #expect(error.message.contains("modified at 2001-09-09T01:46:40Z"))
    #expect(error.message.contains(", was 20"))
  }

  @Test func weightsThatAreGoneAreNamed() throws {
    let record = try makeModel()
    try folder.remove("m.safetensors")
    let error = try #require(failure { _ = try reopen(record) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains("'\(folder.at("m.safetensors"))' are gone since the import"))
  }

  @Test func copiedStoreNeedsItsSourceNoLonger() throws {
    let record = try makeModel(.copy)
    try folder.remove("m.safetensors")
    let again = try reopen(record)
    #expect(again.tensors == record.tensors)
    #expect(again.tensors.map(\.array.file) == [record.store])
  }

  @Test func importAgainReplacesTheStore() throws {
    _ = try makeModel()
    let path = try folder.write([TestTensor("v", .f64, [1], [1])], to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.tensors.map(\.name) == ["v"])
    #expect(try folder.names(in: "stores") == ["m.h5"])
  }
}
