package import Core
internal import System

/// What a recovery reports while it is at work. The library prints nothing; the program that runs it shows each
/// event as it comes.
package enum RunEvent: Sendable, Hashable {
  /// Something about the input that a person should know.
  case note(Note)
  /// What is going to be compared.
  case planned(models: Int, tensors: Int, shards: Int, bytes: Int)
  /// Not all pairs are compared: fingerprints tell which.
  case fingerprinting(known: Int, made: Int)
  /// The models are not those of the run directory; what can be kept is kept.
  case extended(added: Int, removed: Int, shardsKept: Int, shards: Int, bytesSaved: Int, bytes: Int)
  /// Some or all shards were finished in an earlier session.
  case resumed(shardsDone: Int, shards: Int)
  /// A file of the user names models that this run does not have.
  case unknownModels(file: String, count: Int, example: String)
  /// The sums of one worker were contradicted by two others.
  case disputed(String)
  /// Workers may connect.
  case listening(endpoint: String, command: String)
  /// The status page is served.
  case serving(url: String)
}

/// Receives the events of a recovery, on whichever thread they occur.
package typealias RunEventHandler = @Sendable (RunEvent) -> Void

extension RunEvent {
  /// The event for people, in one line.
  package var text: String {
    switch self {
    case .note(let note): "note: \(note.subject.printable): \(note.text)"
    case .planned(let models, let tensors, let shards, let bytes):
      "\(counted(models, "model")), \(counted(tensors, "tensor")) to compare in \(counted(shards, "shard")), \(ByteCount(bytes: bytes)) to read"
    case .fingerprinting(let known, let made):
      "not all pairs are compared, but those that are alike by fingerprint: \(counted(made, "fingerprint")) to make\(known > 0 ? ", \(known) known already" : "")"
    case .extended(let added, let removed, let shardsKept, let shards, let bytesSaved, let bytes):
      "the models have changed, \(added) added and \(removed) removed: \(shardsKept) of \(shards) shards are kept, \(ByteCount(bytes: bytesSaved)) of \(ByteCount(bytes: bytes)) are not read again"
    case .resumed(let shardsDone, let shards):
      shardsDone == shards
        ? "all \(counted(shards, "shard")) were finished before: no weight is read again"
        : "resuming: \(shardsDone) of \(shards) shards were finished before"
    case .unknownModels(let file, let count, let example):
      "note: \(file) \(counted(count, "model")) that \(count == 1 ? "is" : "are") not in this run, such as '\(example.printable)'"
    case .disputed(let text): "note: \(text)"
    case .listening(let endpoint, let command): "listening on \(endpoint); start workers with: \(command)"
    case .serving(let url): "status at \(url)"
    }
  }
}
