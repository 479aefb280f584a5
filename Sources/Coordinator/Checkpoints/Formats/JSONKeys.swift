internal import Foundation

/// Finds keys that occur twice in a JSON object: decoders keep one of them silently.
enum JSONKeys {
  /// The first key of the outermost object that occurs a second time. For text that is not JSON the answer means
  /// nothing; the decoder refuses such text afterwards.
  static func firstRepeated(in json: Data) -> String? {
    var seen: Set<String> = []
    var depth = 0
    var expectsKey = false
    var index = json.startIndex
    while index < json.endIndex {
      switch json[index] {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        expectsKey = depth == 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
      case UInt8(ascii: ","):
        expectsKey = depth == 1
      case UInt8(ascii: "\""):
        let end = endOfString(json, from: index)
        if expectsKey, depth == 1 {
          expectsKey = false
          let text = Data("[".utf8) + json[index..<end] + Data("]".utf8)
          if let key = try? JSONDecoder().decode([String].self, from: text).first,
            !seen.insert(key).inserted
          {
            return key
          }
        }
        index = end
        continue
      default: break
      }
      index += 1
    }
    return nil
  }

  /// The index behind the closing quote.
  private static func endOfString(_ json: Data, from start: Int) -> Int {
    var index = start + 1
    while index < json.endIndex {
      switch json[index] {
      case UInt8(ascii: "\\"): index += 2
      case UInt8(ascii: "\""): return index + 1
      default: index += 1
      }
    }
    return json.endIndex
  }
}
