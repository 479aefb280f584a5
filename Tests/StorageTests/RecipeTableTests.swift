import Core
import Encodings
import Storage
import System
import TestSeed
import TestSupport
import Testing

/// Recipes in stores come back as they were, and impossible ones are refused.
struct RecipeTableTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func store(_ tensors: [StoredTensor], _ mode: ModelStoreWriter.Mode = .places) throws -> ModelStore {
    let path = folder.at("m.h5")
    try ModelStoreWriter.write(to: path, model: "m", tensors: tensors, setAside: [], sources: [], mode: mode)
    return try ModelStore(path: path)
  }

  private func array(_ extents: [Int], _ encoding: Encoding = .f32, offset: Int = 0) throws -> Recipe {
    .stored(StoredArray(encoding: encoding, shape: try #require(TensorShape(extents)), file: "/f", offset: offset))
  }

  @Test func everyRecipeComesBack() throws {
    var random = Seeded.fresh()
    let tensors = try (0..<200).map { index in
      let made = try RandomRecipe.make(
        depth: 6, encodings: Encoding.all.filter(\.companions.isEmpty), in: folder, using: &random)
      let shape = try #require(TensorShape([made.matrix.count, made.matrix[0].count, 1]))
      return StoredTensor(name: "rows 1 2 F32 \(index)", shape: shape, recipe: made.recipe)
    }
    for mode in [ModelStoreWriter.Mode.places, .external] {
      #expect(try store(tensors, mode).tensors() == tensors, "seed \(random.seed)")
    }
  }

  @Test func aCopyHoldsWhatARecipeMakes() throws {
    var random = Seeded.fresh()
    let tensors = try (0..<40).map { index in
      let made = try RandomRecipe.make(
        depth: 4, encodings: Encoding.all.filter(\.companions.isEmpty), in: folder, using: &random)
      let shape = try #require(TensorShape([made.matrix.count, made.matrix[0].count]))
      return StoredTensor(name: "t\(index)", shape: shape, recipe: made.recipe)
    }
    let copies = try store(tensors, .copy).tensors()
    #expect(copies.map(\.name) == tensors.map(\.name))
    for (copy, tensor) in zip(copies, tensors) {
      #expect(copy.files == [folder.at("m.h5")])
      #expect(copy.shape == tensor.shape)
      #expect(try copy.values() == tensor.values(), "seed \(random.seed): \(tensor.recipe)")
    }
  }

  /// What a store of a stranger may ask for.
  @Test func impossibleRecipesAreRefused() throws {
    let matrix = try array([4, 6])
    var deep = matrix
    for _ in 0..<40 { deep = .transposed(deep) }
    let impossible: [(extents: [Int], recipe: Recipe)] = [
      ([5, 6], matrix),
      ([5, 6], .rows(0..<5, of: matrix)),
      ([2, 6], .rows(3..<5, of: matrix)),
      ([4, 2], .columns(5..<7, of: matrix)),
      ([1, 6], .rows(Int.max - 1..<Int.max, of: matrix)),
      ([8, 6], .concatenated([matrix, try array([6, 4])])),
      ([4, 6], .reordered(.listed([0, 1, 2, 2]), of: matrix)),
      ([4, 6], .reordered(.listed([0, 1, 2, 4]), of: matrix)),
      ([4, 6], .reordered(.listed([0, 1, 2]), of: matrix)),
      ([4, 6], .reordered(.swapped(outer: 3, inner: 1, run: 1), of: matrix)),
      ([4, 6], .reordered(.swapped(outer: 0, inner: 4, run: 1), of: matrix)),
      ([4, 6], .reordered(.swapped(outer: Int.max, inner: 2, run: 1), of: matrix)),
      ([4, 6], deep),
      ([1 << 31, 1 << 31], try array([1 << 31, 1 << 31], .f64)),
      ([4, 6], try array([4, 6], offset: Int.max - 10)),
      ([2, 1 << 62], .concatenated([try array([1, 1 << 62], .f8e4m3), try array([1, 1 << 62], .f8e4m3)])),
    ]
    for (extents, recipe) in impossible {
      guard let shape = TensorShape(extents) else { continue }
      let tensor = StoredTensor(name: "w", shape: shape, recipe: recipe)
      #expect(!tensor.isPossible, "\(recipe)")
      let error = try #require(failure { _ = try store([tensor]).tensors() }, "\(recipe)")
      #expect(error.kind == .badInput && error.message.contains("damaged '/places'"))
    }
  }

  /// Tables with right fingerprints and any words in them: refused or possible, never a crash.
  @Test func wordsAtRandomAreRefusedOrPossible() throws {
    var random = Seeded.fresh()
    let words = [
      "rows", "columns", "concatenate", "transpose", "swap", "order", "shape", "F32", "Q8_0", "0", "1", "2", "4",
      "2x2", "4x4", "9223372036854775807", "18446744073709551616", "-1", "", "x", "4x",
    ]
    for round in 0..<300 {
      let line = (0..<Int.random(in: 1...12, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }
      let start = Bool.random(using: &random) ? ["F32", "0", "0", "4x4"] : []
      let body = Array("1\0/f\0\((line + start).joined(separator: " ")) w\0".utf8)
      let table = Array(Fingerprint(of: body).text.utf8) + [0] + body
      let path = folder.at("m.h5")
      let file = try HDF5File(creating: path)
      try file.setAttribute("modeltree_store", of: "/", to: Version.storeFormat)
      try file.write(table, shape: [table.count], to: "/places")
      try file.close()
      var tensors: [StoredTensor] = []
      let error = failure { tensors = try ModelStore(path: path).tensors() }
      if let error { #expect(error.kind == .badInput, "round \(round), seed \(random.seed)") }
      for tensor in tensors { #expect(tensor.isPossible, "\(line), seed \(random.seed)") }
    }
  }

  @Test func aStoreOfTheOldFormatIsRefusedWithAdvice() throws {
    let path = folder.at("old.h5")
    let file = try HDF5File(creating: path)
    try file.setAttribute("modeltree_store", of: "/", to: 2)
    try file.close()
    let error = try #require(failure { _ = try ModelStore(path: path) })
    #expect(error.kind == .badInput && error.message.contains("format 2, this program reads \(Version.storeFormat)"))
    #expect(error.advice.contains("import the model again"))
  }
}
