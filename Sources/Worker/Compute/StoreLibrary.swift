internal import Core
internal import Storage
internal import Synchronization

/// Where tensors lie, and the weight files that this process has open. Shared by its threads.
///
/// Stores are closed again at once: HDF5 keeps about half a megabyte per open file, which is more
/// than a thousand models may take. What was found is remembered up to a limit; beyond it a look-up
/// costs one more opening of the store, half a millisecond beside gigabytes of weights.
public final class StoreLibrary: Sendable {
  fileprivate struct State {
    /// Open files, each with the store that it was first found in.
    var files: [ExactText: (file: WeightFile, store: ExactText)] = [:]
    var located: [Place: StoredTensor] = [:]
    var verified: Set<Origin> = []
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

  private let state = Mutex(State())

  public init() {}

  /// Forgets everything, so that files which were replaced are opened anew.
  public func forget() { state.withLock { $0 = State() } }

  /// Forgets some stores and closes their files. Another store that shares a file opens it again.
  public func forget(_ stores: [String]) {
    let gone = Set(stores.map { ExactText($0) })
    state.withLock {
      $0.files = $0.files.filter { !gone.contains($0.value.store) }
      $0.located = $0.located.filter { !gone.contains($0.key.store) }
      $0.verified = $0.verified.filter { !gone.contains($0.store) }
    }
  }

  /// Finds a tensor and opens the file that holds its weights.
  func locate(_ tensor: String, in store: String) throws(Failure) -> (StoredTensor, WeightFile) {
    let outcome = state.withLock { state -> Result<(StoredTensor, WeightFile), Failure> in
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
    -> (StoredTensor, WeightFile)
  {
    let found: StoredTensor
    if let known = located[StoreLibrary.Place(path, tensor)] {
      found = known
    } else {
      found = try look(tensor, path)
    }
    let key = ExactText(found.file)
    if let known = files[key] { return (found, known.file) }
    let file = try WeightFile(path: found.file)
    files[key] = (file, ExactText(path))
    return (found, file)
  }

  private mutating func look(_ tensor: String, _ path: String) throws(Failure) -> StoredTensor {
    let store = try ModelStore(path: path)
    let found = try store.tensor(tensor)
    try verify(found.file, of: store)
    // The other tensors will be asked for too.
    let names = try store.names()
    guard located.count + names.count <= StoreLibrary.limit else { return found }
    for name in names {
      // One that cannot be read matters when its shard comes.
      guard let other = try? store.tensor(name), (try? verify(other.file, of: store)) != nil else {
        continue
      }
      located[StoreLibrary.Place(path, name)] = other
    }
    return found
  }

  /// Weights that changed since the import would be compared with what others read before. A
  /// copied store holds its weights itself and does not need its sources any more.
  private mutating func verify(_ file: String, of store: ModelStore) throws(Failure) {
    let origin = StoreLibrary.Origin(store: ExactText(store.path), file: ExactText(file))
    guard file != store.path, !verified.contains(origin) else { return }
    for source in try store.sources() where source.path == file {
      try source.verify(model: store.path)
    }
    verified.insert(origin)
  }
}
