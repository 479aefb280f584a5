internal import Core
internal import Glibc

/// A TCP socket that listens, until it is closed.
struct Listener: Sendable {
  let descriptor: Int32
  /// With the real port.
  let address: HTTPAddress
  /// The same by its numbers.
  let isLocal: Bool

  /// - Throws: `Failure` (usage): no such address here, or the port is taken.
  init(_ wanted: HTTPAddress) throws(Failure) {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(wanted.host, "\(wanted.port)", &hints, &found)
    guard code == 0, let first = found else {
      throw Self.refused(wanted, String(cString: gai_strerror(code)))
    }
    defer { freeaddrinfo(first) }
    let info = first.pointee
    let descriptor = socket(info.ai_family, info.ai_socktype, 0)
    guard descriptor >= 0 else { throw Self.refused(wanted, Self.reason) }
    Descriptor.makePolite(descriptor)
    var on: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    guard bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, listen(descriptor, 128) == 0 else {
      let reason = Self.reason
      close(descriptor)
      throw Self.refused(wanted, reason)
    }
    self.descriptor = descriptor
    let bound = Self.boundAddress(descriptor)
    address = HTTPAddress(host: wanted.host, port: bound?.port ?? wanted.port)
    isLocal = bound?.isLocal ?? false
  }

  func end() { close(descriptor) }

  private static func boundAddress(_ descriptor: Int32) -> HTTPAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    var port = [CChar](repeating: 0, count: 32)
    let code = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard getsockname(descriptor, address, &length) == 0 else { return Int32(-1) }
        return getnameinfo(
          address, length, &host, socklen_t(host.count), &port, socklen_t(port.count),
          NI_NUMERICHOST | NI_NUMERICSERV)
      }
    }
    guard code == 0, let number = UInt16(text(port)) else { return nil }
    return HTTPAddress(host: text(host), port: number)
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static var reason: String { String(cString: strerror(errno)) }

  private static func refused(_ address: HTTPAddress, _ reason: String) -> Failure {
    .usage(
      "cannot serve the status on '\(address.description.printable)': \(reason)",
      advice: "give --http an address of this machine and a free port; with port 0 one is picked")
  }
}
