internal import Storage
internal import System

/// What a file is that stands where weights should be, in plain words, by its first bytes.
enum FileLook {
  /// - Parameter head: its first 512 bytes, or all of a shorter file.
  /// - Returns: what is wrong and what to do; nil when the file may hold weights.
  static func complaint(_ head: [UInt8], fileBytes: Int) -> (what: String, advice: String)? {
    if fileBytes == 0 { return ("is empty", "download or copy it again") }
    let text = String(decoding: head, as: UTF8.self)
    if text.hasPrefix("version https://git-lfs.github.com/spec/") {
      return (
        "is a Git LFS pointer, not the weights themselves", "fetch them with 'git lfs pull', or download the file"
      )
    }
    let start = text.drop { $0.isWhitespace || $0 == "\u{feff}" }.prefix(15).lowercased()
    if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") {
      return (
        "is a page of HTML, not weights: the download gave the page about the file, or an error",
        "download the file itself, as with 'hf download'"
      )
    }
    if start.hasPrefix("<?xml") {
      return ("is XML, not weights: often what a server answers instead of the file", "download the file again")
    }
    // A length of 8 printable characters is a header of more than 2 quintillion bytes.
    if head.count >= 8, head.allSatisfy(isOfText) {
      let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
      return (
        "is text, not weights: '\(String(line.prefix(60)).printable)'",
        "often what a server answers instead of the file; download the file again"
      )
    }
    if head.allSatisfy({ $0 == 0 }) && head.count == 512 {
      return ("begins with zeros alone: its download or copy did not finish", "download or copy it again")
    }
    if head.starts(with: [0, 5, 0x16, 7]) {
      return (
        "is a resource fork of macOS, not weights",
        "leave it out: the weights are in the file of the same name without '._'"
      )
    }
    return nil
  }

  private static func isOfText(_ byte: UInt8) -> Bool { 0x20...0x7e ~= byte || 0x09...0x0d ~= byte }

  /// Does it begin as a safetensors file must: with a length that the format allows, then JSON? Read as characters the
  /// bytes of the length may be the mark of another format, but no other has JSON behind it. A file that was cut off
  /// is one too.
  static func isSafetensors(_ head: [UInt8]) -> Bool {
    mayBeSafetensors(head) && headerBytes(head) <= SafetensorsHeader.largestHeader
  }

  private static func headerBytes(_ head: [UInt8]) -> UInt64 {
    head[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  }

  /// Behind the length of its header a safetensors file has JSON.
  static func mayBeSafetensors(_ head: [UInt8]) -> Bool {
    head.count > 8 && [0x7b, 0x20, 0x09, 0x0a, 0x0d].contains(head[8])
  }

  /// Does the beginning look like weights, whatever the file's name is? Only marks that hardly anything else has.
  static func isWeights(_ head: [UInt8], fileBytes: Int) -> Bool {
    if head.starts(with: "GGUF".utf8) { return true }
    // The first file of an archive that torch.save wrote.
    if ZipArchive.recognizes(head), head.count > 50 {
      let length = Int(head[26]) | Int(head[27]) << 8
      return head.dropFirst(30).prefix(length).suffix("data.pkl".utf8.count).elementsEqual("data.pkl".utf8)
    }
    if head.starts(with: TorchStream.magic) { return true }
    return isSafetensors(head) && headerBytes(head) < fileBytes && head.count > 9
      && head[8...9].elementsEqual(#"{""#.utf8)
  }
}
