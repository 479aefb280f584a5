internal import Foundation

/// A data file in `Dialects/` as it is written.
struct DialectData: Decodable {
  struct Rearranged: Decodable {
    var roles: [String]
    var name: String
    var `do`: [Rearrangement.Step]
  }

  var dialect: String
  /// The dialect whose names are canonical; absent for such a dialect itself.
  var reference: String?
  /// What the names of a layer's tensors start with.
  var layers: String
  /// Role -> name, for tensors that are stored as in the reference dialect.
  var renamed: [String: String]
  var rearranged: [Rearranged]?

  /// The files are compiled in, and tests read each of them.
  static func decode<T: Decodable>(_ bytes: [UInt8], _ name: String) -> T {
    do {
      return try JSONDecoder().decode(T.self, from: Data(bytes))
    } catch {
      preconditionFailure("the built-in dialect '\(name)' cannot be read: \(error)")
    }
  }
}
