internal import Core
internal import Foundation
internal import System

/// A control frame is one tag byte and a JSON body; tensors' sums travel in a frame of their own.
extension WorkerMessage {
  package func encoded() -> [UInt8] {
    switch self {
    case .hello(let body): Frame.encode(1, body)
    case .ready(let credit): Frame.encode(2, credit)
    case .done(let body): Frame.encode(3, body)
    case .failed(let body): Frame.encode(4, body)
    case .heartbeat(let body): Frame.encode(5, body)
    case .goodbye: [6]
    case .ask: [7]
    }
  }

  package init(decoding frame: [UInt8]) throws(WireError) {
    switch try Frame.tag(frame, limit: WireProtocol.largestReportBytes) {
    case 1: self = .hello(try Frame.body(frame))
    case 2: self = .ready(credit: try Frame.body(frame))
    case 3: self = .done(try Frame.body(frame))
    case 4: self = .failed(try Frame.body(frame))
    case 5: self = .heartbeat(try Frame.body(frame))
    case 6: self = .goodbye
    case 7: self = .ask
    case let tag: throw WireError("unknown message type \(tag) from a worker")
    }
    if let (what, text) = texts.first(where: { $0.text.utf8.count > $0.what.longest }) {
      throw WireError("a \(what.rawValue) of \(text.utf8.count) bytes")
    }
  }
}

extension WorkerMessage {
  /// Texts in messages are kept and shown as long as their sender is there.
  private enum Text: String {
    case name
    case path
    case message

    /// Bytes.
    var longest: Int {
      switch self {
      case .name: 255
      case .path: 4096
      case .message: 1 << 15
      }
    }
  }

  private var texts: [(what: Text, text: String)] {
    switch self {
    case .hello(let hello): [(.name, hello.host), (.name, hello.software), (.name, hello.instructionSet)]
    case .done(let receipt): [(.name, receipt.run)]
    case .failed(let failure):
      [(.name, failure.run), (.message, failure.message), (.path, failure.missing ?? "")]
    case .heartbeat(let beat): beat.slowest.map { (.path, $0.file) }
    case .ready, .goodbye, .ask: []
    }
  }
}

extension CoordinatorMessage {
  package func encoded() -> [UInt8] {
    switch self {
    case .welcome: [1]
    case .reject(let reason): Frame.encode(2, reason)
    case .assign(let body): Frame.encode(3, body)
    case .finished: [4]
    case .whoAreYou: [5]
    case .alive: [6]
    case .open(let body): Frame.encode(7, body)
    case .close(let run): Frame.encode(8, run)
    case .status(let json): Frame.encode(9, json)
    case .revoke(let id): Frame.encode(10, id)
    }
  }

  package init(decoding frame: [UInt8]) throws(WireError) {
    switch try Frame.tag(frame, limit: WireProtocol.largestControlBytes) {
    case 1: self = .welcome
    case 2: self = .reject(reason: try Frame.body(frame))
    case 3: self = .assign(try Self.assignment(frame))
    case 4: self = .finished
    case 5: self = .whoAreYou
    case 6: self = .alive
    case 7: self = .open(try Frame.body(frame))
    case 8: self = .close(run: try Frame.body(frame))
    case 9: self = .status(try Frame.body(frame))
    case 10: self = .revoke(try Frame.body(frame))
    case let tag: throw WireError("unknown message type \(tag) from the coordinator")
    }
  }

  /// - Throws: `WireError` that names the shard, if that can be read at least.
  private static func assignment(_ frame: [UInt8]) throws(WireError) -> Assignment {
    do throws(WireError) {
      let assignment: Assignment = try Frame.body(frame)
      guard let flaw = assignment.flaw else { return assignment }
      throw WireError("an assignment that cannot be computed: \(flaw)")
    } catch {
      let id: AssignmentID? = try? Frame.body(frame)
      throw WireError(error.description, assignment: id)
    }
  }
}

private enum Frame {
  static func encode(_ tag: UInt8, _ body: some Encodable) -> [UInt8] {
    [tag] + JSONText.data(of: body)
  }

  static func tag(_ frame: [UInt8], limit: Int) throws(WireError) -> UInt8 {
    guard let tag = frame.first else { throw WireError("an empty message") }
    guard frame.count <= limit else {
      throw WireError("a message of \(frame.count) bytes")
    }
    return tag
  }

  static func body<T: Decodable>(_ frame: [UInt8]) throws(WireError) -> T {
    do {
      return try JSONDecoder().decode(T.self, from: Data(frame.dropFirst()))
    } catch {
      let reason = (error as? DecodingError)?.reason ?? "it is not JSON that can be read"
      throw WireError("a message of type \(frame[0]) with an unreadable body: \(reason)")
    }
  }
}
