public import Core
internal import Storage
internal import Synchronization

/// Where tensors lie, and the weight files that this process has open. Shared by its threads.
///
/// Stores are closed again at once: HDF5 keeps about half a megabyte per open file, which is more
/// than a thousand models may take. What was found is remembered up to a limit; beyond it a look-up
/// costs one more opening of the store, half a millisecond beside gigabytes of weights.
public final class StoreLibrary: Sendable {
  fileprivate struct State {
    let paths: PathMap
    let paces: FilePaces
    /// Open files, each with the store that it was first found in. All go by the coordinator's names.
    var files: [ExactText: (source: WeightSource, store: ExactText)] = [:]
    var located: [Place: StoredTensor] = [:]
    /// Files that were found as they were imported, with what the import recorded of them.
    var verified: [Origin: SourceFile?] = [:]
  }

  fileprivate struct Place: Hashable {
    var store: ExactText
    var tensor: ExactText

    init(_ store: String, _ tensor: String) {
      self.store = ExactText(store)
      self.tensor = ExactText(tensor)
    }
  }

  fileprivate struct Origin: Hashable {
    var store: ExactText
    var file: ExactText
  }

  /// Tensors remembered, at about 300 bytes each.
  fileprivate static let limit = 50_000

  /// What is to be forgotten.
  fileprivate enum Wish {
    case everything
    case stores(Set<ExactText>)
  }

  private let state: Mutex<State>
  /// Not fulfilled yet; the next look-up does it first.
  private let wishes = Mutex<[Wish]>([])

  /// - Parameters:
  ///   - paths: where the files lie on this host.
  ///   - paces: told about every read.
  public init(paths: PathMap = PathMap(), paces: FilePaces = FilePaces()) {
    state = Mutex(State(paths: paths, paces: paces))
  }

  /// Forgets everything, so that files which were replaced are opened anew.
  public func forget() { wish(.everything) }

  /// Forgets some stores and closes their files. Another store that shares a file opens it again.
  public func forget(_ stores: [String]) { wish(.stores(Set(stores.map { ExactText($0) }))) }

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

  /// Finds a tensor and opens the file that holds its weights.
  func locate(_ tensor: String, in store: String) throws(Failure) -> (StoredTensor, WeightSource) {
    let outcome = state.withLock { state -> Result<(StoredTensor, WeightSource), Failure> in
      fulfil(&state)
      do throws(Failure) {
        return .success(try state.locate(tensor, in: store))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }
}

extension StoreLibrary.State {
  mutating func locate(_ tensor: String, in path: String) throws(Failure)
    -> (StoredTensor, WeightSource)
  {
    if let known = located[StoreLibrary.Place(path, tensor)],
      let open = files[ExactText(known.file)]
    {
      guard open.source.hasFailed else { return (known, open.source) }
      forget(file: known.file)
    }
    let found: StoredTensor
    if let known = located[StoreLibrary.Place(path, tensor)] {
      found = known
    } else {
      found = try look(tensor, path)
    }
    let key = ExactText(found.file)
    if let known = files[key], !known.source.hasFailed { return (found, known.source) }
    let store = ExactText(path)
    let source = try WeightSource(
      name: found.file, here: paths.local(found.file),
      recorded: verified[StoreLibrary.Origin(store: store, file: key)] ?? nil, paces: paces)
    files[key] = (source, store)
    return (found, source)
  }

  mutating func forget(_ wish: StoreLibrary.Wish) {
    switch wish {
    case .everything:
      files = [:]
      located = [:]
      verified = [:]
    case .stores(let gone):
      files = files.filter { !gone.contains($0.value.store) }
      located = located.filter { !gone.contains($0.key.store) }
      verified = verified.filter { !gone.contains($0.key.store) }
    }
  }

  /// So that it is looked at anew.
  private mutating func forget(file: String) {
    let key = ExactText(file)
    files[key] = nil
    located = located.filter { ExactText($0.value.file) != key }
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
    func lookUp(_ tensor: String) throws(Failure) -> StoredTensor {
      var found: StoredTensor
      do throws(Failure) {
        found = try store.tensor(tensor)
      } catch {
        // The coordinator's own store has the tensor; a copy that lies here may be of another import.
        guard ExactText(here) != ExactText(path) else { throw error }
        throw Failure(error.kind, error.message, advice: error.advice, missing: here).about(path, here: here)
      }
      // Files go by the coordinator's names until they are opened.
      if found.file == here { found.file = path }
      return found
    }
    let found = try lookUp(tensor)
    try verify(found.file, of: store, path)
    // The other tensors will be asked for too.
    let names = try store.names()
    guard located.count + names.count <= StoreLibrary.limit else { return found }
    for name in names {
      // One that cannot be read matters when its shard comes.
      guard let other = try? lookUp(name), (try? verify(other.file, of: store, path)) != nil else {
        continue
      }
      located[StoreLibrary.Place(path, name)] = other
    }
    return found
  }

  /// Weights that changed since the import would be compared with what others read before. A
  /// copied store holds its weights itself and does not need its sources any more.
  private mutating func verify(_ file: String, of store: ModelStore, _ path: String) throws(Failure) {
    let origin = StoreLibrary.Origin(store: ExactText(path), file: ExactText(file))
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
