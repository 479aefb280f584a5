internal import CZeroMQ

/// A CURVE public key: 32 bytes, written as 40 characters of Z85.
package struct PublicKey: Sendable, Hashable, CustomStringConvertible {
  let bytes: [UInt8]

  /// - Returns: nil unless there are 32 bytes.
  package init?(bytes: [UInt8]) {
    guard bytes.count == Z85.keyBytes else { return nil }
    self.bytes = bytes
  }

  /// - Returns: nil when the text is not a key.
  package init?(text: String) {
    guard let bytes = Z85.decode(text) else { return nil }
    self.bytes = bytes
  }

  package var text: String { Z85.encode(bytes) }
  package var description: String { text }
}

/// A CURVE secret key. Its description hides it, so that it cannot appear in a log or a dump.
package struct SecretKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  let bytes: [UInt8]

  /// - Returns: nil when the text is not a key.
  init?(text: String) {
    guard let bytes = Z85.decode(text) else { return nil }
    self.bytes = bytes
  }

  /// For the key file only.
  var text: String { Z85.encode(bytes) }

  /// The matching public key; nil when the bytes are not a key.
  var publicKey: PublicKey? {
    var buffer = [CChar](repeating: 0, count: Z85.keyCharacters + 1)
    guard zmq_curve_public(&buffer, text) == 0 else { return nil }
    return PublicKey(text: Z85.text(buffer))
  }

  package var description: String { "(secret key)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A CURVE public key with its secret key.
package struct KeyPair: Sendable {
  package let publicKey: PublicKey
  package let secretKey: SecretKey

  /// A new pair, made from the system's random numbers.
  ///
  /// - Returns: nil when this libzmq was built without CURVE.
  static func generate() -> KeyPair? {
    var publicText = [CChar](repeating: 0, count: Z85.keyCharacters + 1)
    var secretText = publicText
    guard
      zmq_curve_keypair(&publicText, &secretText) == 0,
      let publicKey = PublicKey(text: Z85.text(publicText)),
      let secretKey = SecretKey(text: Z85.text(secretText))
    else { return nil }
    return KeyPair(publicKey: publicKey, secretKey: secretKey)
  }
}

/// ZeroMQ's notation for keys: five printable characters for four bytes.
enum Z85 {
  static let keyBytes = 32
  static let keyCharacters = 40

  static func encode(_ bytes: [UInt8]) -> String {
    var text = [CChar](repeating: 0, count: bytes.count * 5 / 4 + 1)
    guard zmq_z85_encode(&text, bytes, bytes.count) != nil else { return "" }
    return self.text(text)
  }

  static func decode(_ text: String) -> [UInt8]? {
    guard text.utf8.count == keyCharacters, text.utf8.allSatisfy({ (33...126).contains($0) }) else {
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: keyBytes)
    return zmq_z85_decode(&bytes, text) == nil ? nil : bytes
  }

  static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
