import Core
import System
import Testing
import Transport

@Suite struct EndpointTests {
  @Test(arguments: [
    "tcp://127.0.0.1:5555", "tcp://127.8.9.1:*", "tcp://localhost:5555", "tcp://[::1]:5555", "ipc:///tmp/x",
  ])
  func thisMachineAloneNeedsNoKeys(_ endpoint: String) throws {
    for side in [Endpoint.Side.coordinator, .worker] {
      try Endpoint.check(endpoint, side: side, hasKeys: false, insecure: false)
    }
  }

  @Test(arguments: [
    "tcp://0.0.0.0:5555", "tcp://*:5555", "tcp://[::]:5555", "tcp://head:5555", "tcp://192.168.1.2:5555",
    "tcp://127.evil.example:5555", "tcp://127.0.0.1.evil.example:5555", "tcp://localhost.evil.example:5555",
    "tcp://eth0:5555",
  ])
  func otherMachinesNeedKeysOrAWord(_ endpoint: String) throws {
    for (side, option) in [(Endpoint.Side.coordinator, "--keys"), (.worker, "--key")] {
      let failure = #expect(throws: Failure.self) {
        try Endpoint.check(endpoint, side: side, hasKeys: false, insecure: false)
      }
      #expect(failure?.kind == .usage)
      #expect(failure?.advice.contains(option) == true && failure?.advice.contains("--insecure") == true)
      try Endpoint.check(endpoint, side: side, hasKeys: true, insecure: false)
      try Endpoint.check(endpoint, side: side, hasKeys: false, insecure: true)
    }
  }

  @Test func keysAndInsecureContradictEachOther() {
    #expect(throws: Failure.self) {
      try Endpoint.check("tcp://head:5555", side: .worker, hasKeys: true, insecure: true)
    }
  }

  @Test(arguments: ["", "head:5555", "udp://head:5555", "inproc://x", "http://head"])
  func otherTransportsAreNone(_ endpoint: String) {
    #expect(throws: Failure.self) {
      try Endpoint.check(endpoint, side: .coordinator, hasKeys: true, insecure: false)
    }
  }

  @Test(arguments: [
    (nil, true), ("", true), ("127.0.0.1", true), ("127.8.9.1", true), ("::1", true), ("::ffff:127.0.0.1", true),
    ("10.0.0.7", false), ("::ffff:10.0.0.7", false), ("fe80::1", false), ("1127.0.0.1", false),
  ])
  func addressesTellThisMachineFromOthers(address: String?, isThisMachine: Bool) {
    #expect(Endpoint.isThisMachine(address) == isThisMachine)
  }
}
