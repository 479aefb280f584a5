internal import Foundation

/// Writes safetensors files, right ones and wrong ones.
package enum Safetensors {
  package static func encode(_ tensors: [TestTensor], metadata: [String: String] = [:]) -> [UInt8] {
    var entries: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { "\(json($0.key)):\(json($0.value))" }
      entries.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var body: [UInt8] = []
    for tensor in tensors {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let range = "\(body.count),\(body.count + tensor.bytes.count)"
      let entry = "\"dtype\":\"\(tensor.type)\",\"shape\":[\(shape)],\"data_offsets\":[\(range)]"
      entries.append("\(json(tensor.name)):{\(entry)}")
      body += tensor.bytes
    }
    let header = "{\(entries.joined(separator: ","))}"
    let padding = String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    return raw(header: header + padding, body: body)
  }

  /// A file with this header, whatever it says.
  package static func raw(header: String, body: [UInt8] = [], announced: UInt64? = nil) -> [UInt8] {
    raw(header: Array(header.utf8), body: body, announced: announced)
  }

  package static func raw(header: [UInt8], body: [UInt8] = [], announced: UInt64? = nil) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: announced ?? UInt64(header.count))
    return bytes + header + body
  }

  /// The `model.safetensors.index.json` that maps tensors to files.
  package static func index(_ files: [String: String]) -> String {
    let pairs = files.sorted { $0.key < $1.key }.map { "\(json($0.key)):\(json($0.value))" }
    return "{\"metadata\":{\"total_size\":1},\"weight_map\":{\(pairs.joined(separator: ","))}}"
  }

  private static func json(_ text: String) -> String {
    guard let data = try? JSONEncoder().encode(text) else {
      preconditionFailure("a string always encodes")
    }
    return String(decoding: data, as: UTF8.self)
  }
}
