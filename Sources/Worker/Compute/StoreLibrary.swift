internal import Core
internal import Storage
internal import Synchronization

/// The model stores and weight files that this process has open. Shared by its threads.
public final class StoreLibrary: Sendable {
  fileprivate struct State {
    var stores: [String: ModelStore] = [:]
    var files: [String: WeightFile] = [:]
    var located: [Place: StoredTensor] = [:]
    var verified: Set<Origin> = []
  }

  fileprivate struct Place: Hashable {
    var store: String
    var tensor: String
  }

  fileprivate struct Origin: Hashable {
    var store: String
    var file: String
  }

  private let state = Mutex(State())

  public init() {}

  /// Forgets everything, so that files which were replaced are opened anew.
  public func forget() { state.withLock { $0 = State() } }

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
    let place = StoreLibrary.Place(store: path, tensor: tensor)
    let found: StoredTensor
    if let known = located[place] {
      found = known
    } else {
      found = try openStore(path).tensor(tensor)
      try verify(found.file, in: path)
      located[place] = found
    }
    if let file = files[found.file] { return (found, file) }
    let file = try WeightFile(path: found.file)
    files[found.file] = file
    return (found, file)
  }

  private mutating func openStore(_ path: String) throws(Failure) -> ModelStore {
    if let store = stores[path] { return store }
    let store = try ModelStore(path: path)
    stores[path] = store
    return store
  }

  /// Weights that changed since the import would be compared with what others read before. A
  /// copied store holds its weights itself and does not need its sources any more.
  private mutating func verify(_ file: String, in path: String) throws(Failure) {
    let origin = StoreLibrary.Origin(store: path, file: file)
    guard file != path, !verified.contains(origin) else { return }
    for source in try openStore(path).sources() where source.path == file {
      try source.verify(model: path)
    }
    verified.insert(origin)
  }
}
