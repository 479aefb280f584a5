internal import Core
internal import Storage
internal import Synchronization
package import System

/// Where tensors lie, and the weight files that this process has open. Shared by its threads.
///
/// Stores are closed again at once: HDF5 keeps about half a megabyte per open file, which is more
/// than a thousand models may take. What was found is remembered up to a limit; beyond it a look-up
/// costs one more opening of the store, half a millisecond.
package final class StoreCache: Sendable {
  fileprivate struct State {
    let paths: PathMap
    let paces: FileThroughput
    /// Open files, each with the store that it was first found in. All go by the coordinator's names.
    var files: [ByteString: (source: WeightSource, store: ByteString)] = [:]
    var shelves: [ByteString: TensorIndex] = [:]
    var names = NameInterner()
    /// Files that were found as they were imported, with what the import recorded of them.
    var verified: [Origin: SourceFile?] = [:]
  }

  fileprivate struct Origin: Hashable {
    var store: ByteString
    var file: ByteString
  }

  /// Tensors remembered, at about 40 bytes each.
  fileprivate static let limit = 400_000

  /// What is to be forgotten.
  fileprivate enum Wish {
    case everything
    case stores(Set<ByteString>)
  }

  private let state: Mutex<State>
  /// Not fulfilled yet; the next look-up does it first.
  private let wishes = Mutex<[Wish]>([])

  /// - Parameters:
  ///   - paths: where the files lie on this host.
  ///   - paces: told about every read.
  package init(paths: PathMap = PathMap(), paces: FileThroughput = FileThroughput()) {
    state = Mutex(State(paths: paths, paces: paces))
  }

  /// Forgets everything, so that files which were replaced are opened anew.
  package func forget() { wish(.everything) }

  /// Forgets some stores and closes their files. Another store that shares a file opens it again.
  package func forget(_ stores: [String]) { wish(.stores(Set(stores.map { ByteString($0) }))) }

  /// Never waits: a look-up may hang on a server that does not answer, and the caller must not.
  private func wish(_ wish: Wish) {
    wishes.withLock { $0.append(wish) }
    _ = state.withLockIfAvailable { fulfil(&$0) }
  }

  private func fulfil(_ state: inout State) {
    let wishes = wishes.withLock { wishes in
      defer { wishes = [] }
      return wishes
    }
    for wish in wishes { state.forget(wish) }
  }

  /// Finds a tensor in each of the stores, and opens the files that hold its weights.
  func locate(_ tensor: String, in stores: [String]) throws(Failure) -> [(StoredTensor, [ByteString: WeightSource])] {
    let outcome = state.withLock { state -> Result<[(StoredTensor, [ByteString: WeightSource])], Failure> in
      fulfil(&state)
      do throws(Failure) {
        return .success(try stores.map { store throws(Failure) in try state.locate(tensor, in: store) })
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }
}

extension StoreCache.State {
  mutating func locate(_ tensor: String, in path: String) throws(Failure)
    -> (StoredTensor, [ByteString: WeightSource])
  {
    let store = ByteString(path)
    var known = known(tensor, store)
    // What could not be read may have been put back or replaced.
    for file in known?.files ?? [] where files[ByteString(file)]?.source.hasFailed == true {
      forget(file: file)
      known = nil
    }
    let found = if let known { known } else { try look(tensor, path) }
    var sources: [ByteString: WeightSource] = [:]
    for file in found.files { sources[ByteString(file)] = try source(file, store) }
    return (found, sources)
  }

  private mutating func source(_ file: String, _ store: ByteString) throws(Failure) -> WeightSource {
    let key = ByteString(file)
    if let open = files[key], !open.source.hasFailed { return open.source }
    let source = try WeightSource(
      name: file, here: paths.local(file),
      recorded: verified[StoreCache.Origin(store: store, file: key)] ?? nil, paces: paces)
    files[key] = (source, store)
    return source
  }

  private func known(_ tensor: String, _ store: ByteString) -> StoredTensor? {
    guard let shelf = shelves[store], let number = names.number(of: tensor) else { return nil }
    return shelf.tensor(tensor, number)
  }

  mutating func forget(_ wish: StoreCache.Wish) {
    switch wish {
    case .everything:
      files = [:]
      shelves = [:]
      verified = [:]
    case .stores(let gone):
      files = files.filter { !gone.contains($0.value.store) }
      shelves = shelves.filter { !gone.contains($0.key) }
      verified = verified.filter { !gone.contains($0.key.store) }
    }
    if shelves.isEmpty { names = NameInterner() }
  }

  /// So that it is looked at anew.
  private mutating func forget(file: String) {
    let key = ByteString(file)
    files[key] = nil
    shelves = shelves.filter { !$0.value.keepsWeights(in: key) }
    verified = verified.filter { $0.key.file != key }
  }

  private mutating func look(_ tensor: String, _ path: String) throws(Failure) -> StoredTensor {
    let here = paths.local(path)
    let store: ModelStore
    do throws(Failure) {
      store = try paces.watching(path) { () throws(Failure) in try ModelStore(path: here) }
    } catch {
      throw error.about(path, here: here)
    }
    func reading<T>(_ body: () throws(Failure) -> T) throws(Failure) -> T {
      do throws(Failure) {
        return try body()
      } catch {
        // The coordinator's own store has the tensor; a copy that lies here may be of another import.
        guard ByteString(here) != ByteString(path) else { throw error }
        throw Failure(error.kind, error.message, advice: error.advice, missing: here).about(path, here: here)
      }
    }
    func lookUp(_ tensor: String) throws(Failure) -> StoredTensor {
      var found = try reading { () throws(Failure) in try store.tensor(tensor) }
      // Files go by the coordinator's names until they are opened.
      found.recipe = found.recipe.mapFiles { $0 == here ? path : $0 }
      return found
    }
    let places = try reading { () throws(Failure) in try store.places() }
    let name = ByteString(tensor)
    let listed = places?.first { ByteString($0.name) == name }
    let found = if let listed { listed } else { try lookUp(tensor) }
    for file in found.files { try verify(file, of: store, path) }
    // The other tensors will be asked for too. One that cannot be read matters when its shard comes.
    let others: [StoredTensor]
    if let places {
      others = places
    } else {
      let names = try reading { () throws(Failure) in try store.names() }
      guard hasRoom(for: names.count) else { return found }
      others = names.compactMap { try? lookUp($0) }
    }
    keep(others, of: store, path)
    return found
  }

  private func hasRoom(for tensors: Int) -> Bool {
    shelves.values.reduce(tensors) { $0 + $1.count } <= StoreCache.limit
  }

  private mutating func keep(_ tensors: [StoredTensor], of store: ModelStore, _ path: String) {
    guard hasRoom(for: tensors.count) else { return }
    var shelf = TensorIndex()
    var isSound: [ByteString: Bool] = [:]
    for tensor in tensors {
      let isWhole = tensor.files.allSatisfy { name in
        let file = ByteString(name)
        if let known = isSound[file] { return known }
        let sound = (try? verify(name, of: store, path)) != nil
        isSound[file] = sound
        return sound
      }
      if isWhole { shelf.add(tensor, names.take(tensor.name)) }
    }
    shelves[ByteString(path)] = shelf
  }

  /// Weights that changed since the import would be compared with what others read before. A
  /// copied store holds its weights itself and does not need its sources any more.
  private mutating func verify(_ file: String, of store: ModelStore, _ path: String) throws(Failure) {
    let origin = StoreCache.Origin(store: ByteString(path), file: ByteString(file))
    guard file != path, verified[origin] == nil else { return }
    let here = paths.local(file)
    var recorded: SourceFile?
    for source in try store.sources() where source.path == file {
      do throws(Failure) {
        try paces.watching(file) { () throws(Failure) in try source.verify(model: path, at: here) }
      } catch {
        throw error.about(file, here: here)
      }
      recorded = source
    }
    verified[origin] = .some(recorded)
  }
}
