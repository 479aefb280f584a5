internal import Glibc

/// One client, from its first byte to the end. Never waits: the server's loop calls when there is
/// something to read or room to write.
struct Connection {
  enum Stage {
    case reading, writing
    /// All is said; what the client still sends is thrown away, so that the answer is not lost to a
    /// connection that is reset.
    case draining
    case over
  }

  let descriptor: Int32
  let began: ContinuousClock.Instant
  private(set) var stage = Stage.reading
  /// When this stage is given up.
  private(set) var deadline: ContinuousClock.Instant
  private var received: [UInt8] = []
  private var answer: [UInt8] = []
  private var sent = 0
  private var drained = 0

  init(_ descriptor: Int32, at now: ContinuousClock.Instant, _ limits: StatusServer.Limits) {
    self.descriptor = descriptor
    began = now
    deadline = now + limits.reading
  }

  var events: Int16 { stage == .writing ? Int16(POLLOUT) : Int16(POLLIN) }

  mutating func advance(
    at now: ContinuousClock.Instant, _ limits: StatusServer.Limits, _ answering: (HTTPRequest) -> HTTPReply
  ) {
    switch stage {
    case .reading: read(now, limits, answering)
    case .writing: write(now, limits)
    case .draining: drain()
    case .over: break
    }
  }

  /// The stage has lasted too long.
  mutating func expire(at now: ContinuousClock.Instant, _ limits: StatusServer.Limits) {
    guard stage == .reading, !received.isEmpty else {
      stage = .over
      return
    }
    say(HTTPReply(.timeout), withBody: true, now, limits)
  }

  private mutating func read(
    _ now: ContinuousClock.Instant, _ limits: StatusServer.Limits, _ answering: (HTTPRequest) -> HTTPReply
  ) {
    guard let bytes = take(HTTPRequest.largestHead + 1 - received.count) else { return }
    received += bytes
    switch HTTPRequest.read(received) {
    case .incomplete: break
    case .refused(let status): say(HTTPReply(status), withBody: true, now, limits)
    case .complete(let request): say(answering(request), withBody: request.method == .get, now, limits)
    }
  }

  private mutating func say(
    _ reply: HTTPReply, withBody: Bool, _ now: ContinuousClock.Instant, _ limits: StatusServer.Limits
  ) {
    received = []
    answer = reply.bytes(withBody: withBody)
    stage = .writing
    deadline = now + limits.writing
    write(now, limits)
  }

  private mutating func write(_ now: ContinuousClock.Instant, _ limits: StatusServer.Limits) {
    let count = answer[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    guard count >= 0 else {
      if errno != EAGAIN, errno != EINTR { stage = .over }
      return
    }
    sent += count
    guard sent == answer.count else { return }
    answer = []
    shutdown(descriptor, Int32(SHUT_WR))
    stage = .draining
    deadline = now + limits.draining
  }

  private mutating func drain() {
    guard let bytes = take(HTTPRequest.largestHead) else { return }
    drained += bytes.count
    if drained > 8 * HTTPRequest.largestHead { stage = .over }
  }

  /// - Returns: what has come; nil when nothing has, or the client is gone.
  private mutating func take(_ most: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: most)
    let count = recv(descriptor, &bytes, most, 0)
    if count < 0, errno == EAGAIN || errno == EINTR { return nil }
    guard count > 0 else {
      stage = .over
      return nil
    }
    return Array(bytes.prefix(count))
  }
}
