import Batch
import Checkpoints
import Core
import Encodings
import Fingerprints
import Foundation
import Graph
import Hints
import Journal
import Monitoring
import Planning
import Recovery
import Registry
import Reports
import Storage
import System
import Transport
import Wire

/// A reader of outside data.
///
/// Whatever the bytes are, a reader returns or throws a `Failure` that calls them bad input; everything else is a
/// crash that libFuzzer reports and keeps.
struct FuzzTarget: Sendable {
  let name: String
  /// Makes what is called with every input.
  let make: @Sendable () throws -> (UnsafeRawBufferPointer) -> Void

  static let all: [FuzzTarget] =
    ["safetensors", "gguf", "pytorch", "numpy", "onnx", "hdf5"].map { name in
      file(name, "model.\(name)") { path in try readCheckpoint(path) }
    } + [
      FuzzTarget(name: "places") {
        { bytes in
          // With its own fingerprint before it, or no other table would be looked at.
          let table = Array(bytes)
          _ = PlaceTable.decode(Array(Fingerprint(of: table).text.utf8) + [0] + table)
        }
      },
      FuzzTarget(name: "messages") {
        { bytes in
          attempt { _ = try WorkerMessage(decoding: Array(bytes)) }
          attempt { _ = try CoordinatorMessage(decoding: Array(bytes)) }
        }
      },
      FuzzTarget(name: "partials") { { bytes in partials(bytes) } },
      file("journal", "journal.sqlite") { path in
        let journal = try Journal(reading: path)
        _ = try journal.identity()
        _ = try journal.totals()
        for shard in try journal.finishedShards().sorted().prefix(4) { _ = try journal.partial(of: shard) }
      },
      file("tree", "tree.json") { path in _ = try TreeReport(path: path) },
      file("truth", "truth.json") { path in _ = try TruthDocument.read(path) },
      file("hints-csv", "hints.csv") { path in _ = try Hints(path: path) },
      file("hints-json", "hints.json") { path in _ = try Hints(path: path) },
      FuzzTarget(name: "card") { { bytes in _ = Hints.base(inCard: String(decoding: bytes, as: UTF8.self)) } },
      file("jobs", "jobs.yaml") { path in _ = try JobList(path: path) },
      FuzzTarget(name: "status") {
        { bytes in
          attempt {
            let status = try StatusJSON.decode(Data(bytes), from: "status.json")
            _ = StatusText().render(status)
            _ = StatusJSON.encode(status)
          }
        }
      },
      FuzzTarget(name: "fingerprint") {
        { bytes in attempt { _ = FingerprintCodec.encode(try FingerprintCodec.decode(Array(bytes))) } }
      },
      FuzzTarget(name: "settings") { { bytes in settings(String(decoding: bytes, as: UTF8.self)) } },
      file("record", "run.json") { path in _ = try RunRecord(path: path).json },
      FuzzTarget(name: "keys") { try keys() },
      FuzzTarget(name: "registry") { try registry() },
      FuzzTarget(name: "http") { try requests() },
    ]

  /// A reader of a file of this name.
  private static func file(_ name: String, _ file: String, _ read: @escaping @Sendable (String) throws -> Void)
    -> FuzzTarget
  {
    FuzzTarget(name: name) {
      let path = "\(try folder())/\(file)"
      return { bytes in
        put(bytes, path)
        attempt { try read(path) }
      }
    }
  }

  /// Makes a folder of this process's own.
  private static func folder() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("modeltree-fuzz-\(getpid())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  private static func put(_ bytes: UnsafeRawBufferPointer, _ path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    precondition(descriptor >= 0 && write(descriptor, bytes.baseAddress, bytes.count) == bytes.count)
    close(descriptor)
  }

  private static func attempt(_ body: () throws -> Void) {
    do {
      try body()
    } catch let failure as Failure {
      precondition(failure.kind == .badInput, "\(failure)")
      precondition(!failure.description.unicodeScalars.contains { $0.value < 32 && $0 != "\n" }, "\(failure)")
    } catch let error as WireError {
      precondition(!"\(error)".isEmpty)
    } catch {
      preconditionFailure("neither a Failure nor a WireError: \(error)")
    }
  }

  /// Nothing that is announced may lie outside of the file.
  private static func readCheckpoint(_ path: String) throws {
    let file = try CheckpointFile(path: path)
    for entry in file.entries {
      switch entry.content {
      case .recipe(let recipe):
        precondition(recipe.size != nil || entry.shape.elements == 0, "\(entry)")
        for array in StoredTensor(name: entry.name, shape: entry.shape, recipe: recipe).arrays {
          precondition(array.offset >= 0 && array.bytes <= file.source.bytes - array.offset, "\(entry)")
        }
      case .packed(let stored):
        precondition(stored.range.lowerBound >= 0 && stored.range.upperBound <= file.source.bytes, "\(entry)")
      case .unread: break
      }
    }
  }

  /// With a checksum that fits, or nothing else would be looked at.
  private static func partials(_ bytes: UnsafeRawBufferPointer) {
    let schemas = [
      PartialSchema(models: 3), PartialSchema(models: 2, samples: [SampleShape(rows: 2, columns: 3)]),
    ]
    guard bytes.count > 8 else { return }
    var frame = Array(bytes)
    let sum = frame.withUnsafeBytes { Checksum.of(.init(rebasing: $0.dropLast(8))) }
    withUnsafeBytes(of: sum.littleEndian) { frame.replaceSubrange(frame.count - 8..<frame.count, with: $0) }
    for schema in schemas { attempt { _ = try PartialCodec.decode(frame, as: schema) } }
  }

  /// What a journal says of a run, read for a plan of three models.
  private static func settings(_ text: String) {
    attempt { _ = try Invocation(json: text, from: "journal.sqlite").json }
    attempt {
      for reuse in try PlanOutline(json: text, from: "journal.sqlite").reuses(for: plan) where reuse.held.models < 64 {
        precondition(Partial(reuse.held).selecting(reuse.places, samples: reuse.samples).models == reuse.places.count)
      }
    }
    if let identity = try? JSONDecoder().decode(RunIdentity.self, from: Data(text.utf8)) {
      let own = RunIdentity(plan: plan, statistics: [], samples: ["a", "b", "c"])
      _ = RunExtension.isPossible(from: identity, to: own, notes: plan.notes)
      precondition(!own.differences(from: identity).joined().unicodeScalars.contains { $0.value < 32 })
    }
  }

  private static let plan = Plan(
    models: (0..<3).map { number in
      let tensors = [("w", [64, 64]), ("e.weight", [9, 8]), ("b", [5])].compactMap { name, extents in
        TensorShape(extents).map { StoredTensor(name: name, encoding: .f32, shape: $0, file: "/m", offset: 8) }
      }
      return ModelRecord(id: "m\(number)", path: "/m", store: "/s", tensors: tensors, setAside: [], sources: [])
    }, statistics: [])

  /// Every input is a worker's key, and the list of those who may connect.
  private static func keys() throws -> (UnsafeRawBufferPointer) -> Void {
    let folder = KeyFolder(path: try folder())
    if !folder.holdsKeys { try folder.makeCoordinator() }
    return { bytes in
      put(bytes, folder.worker("w"))
      attempt { _ = try WorkerKeys(path: folder.worker("w")) }
      put(bytes, folder.allowed)
      attempt { _ = try CoordinatorKeys(path: folder.path) }
      precondition(!(AllowedWorkers(path: folder.allowed).problem ?? "").unicodeScalars.contains { $0.value < 32 })
    }
  }

  /// Every input is the file of a registry that its first byte chooses: its manifest, a segment as it is, or one record
  /// or row of an index with right checksums, or nothing else of these would be looked at.
  private static func registry() throws -> (UnsafeRawBufferPointer) -> Void {
    let folder = try folder()
    let names = ["registry.json", "segment-000001.mtr", "segment-000001.mti"].map { "\(folder)/\($0)" }
    let manifest = Array(#"{"format":"modeltree registry","version":1}"#.utf8)
    return { bytes in
      guard let kind = bytes.first else { return }
      let rest = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
      for name in names { unlink(name) }
      manifest.withUnsafeBytes { put($0, names[0]) }
      switch kind % 4 {
      case 0: put(rest, names[0])
      case 1: put(rest, names[1])
      case 2: record(rest).withUnsafeBytes { put($0, names[1]) }
      default:
        record(UnsafeRawBufferPointer(rebasing: rest.prefix(64))).withUnsafeBytes { put($0, names[1]) }
        var index = Array("MTREGIDX".utf8) + [1, 0, 0, 0, 0, 0, 0, 0] + rest
        index.append(sum: 16)
        index.withUnsafeBytes { put($0, names[2]) }
      }
      attempt { _ = try RegistryList(folder).csv }
      attempt { _ = try RegistryCheck(folder).text }
      attempt {
        _ = try RegistryWriter(folder).knows("m", files: [])
      }
    }
  }

  /// A segment with one record: two bytes of the length of its entry, the entry, the fingerprint.
  private static func record(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    guard bytes.count >= 2 else { return [] }
    let entry = min(Int(bytes[0]) | Int(bytes[1]) << 8, bytes.count - 2)
    let head = Array("MTREGSEG".utf8) + [1, 0, 0, 0, 0, 0, 0, 0]
    var record: [UInt8] = []
    for word in [0x5252_544d, UInt32(entry), UInt32(bytes.count - 2 - entry), 0] {
      withUnsafeBytes(of: word.littleEndian) { record.append(contentsOf: $0) }
    }
    record.append(sum: 0)
    record += bytes.dropFirst(2)
    record.append(sum: 0)
    return head + record
  }

  /// Sends every input to a server of this process, and waits for its answer.
  private static func requests() throws -> (UnsafeRawBufferPointer) -> Void {
    let server = try StatusServer(address: HTTPAddress(host: "127.0.0.1", port: 0), board: StatusBoard())
    return { bytes in
      let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(client) }
      // Ended by a reset, so that no port is kept waiting: there are fewer than inputs in a minute.
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = server.address.port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      let status = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      precondition(status == 0)
      // What the server does not want to hear is cut short by it.
      _ = send(client, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      shutdown(client, Int32(SHUT_WR))
      var answer = [UInt8](repeating: 0, count: 1 << 16)
      while recv(client, &answer, answer.count, 0) > 0 {}
    }
  }
}

extension [UInt8] {
  /// Adds the checksum of everything from `start` on.
  fileprivate mutating func append(sum start: Int) {
    let sum = withUnsafeBytes { Checksum.of(.init(rebasing: $0[start...])) }
    Swift.withUnsafeBytes(of: sum.littleEndian) { append(contentsOf: $0) }
  }
}
