internal import Foundation
internal import Storage
internal import System

/// Files beside an ONNX model that hold numbers of its tensors. The model comes from strangers: it may name files in
/// its own folder and below, and nothing else.
struct ExternalData {
  private let model: String
  private let folder: String
  private(set) var sources: [SourceFile] = []
  private var numbers: [String: Int] = [:]

  private static let mostFiles = 4096

  init(beside model: String) {
    self.model = model
    folder = (model as NSString).deletingLastPathComponent
  }

  /// Where the numbers of a tensor are.
  ///
  /// - Returns: the file's number, from 1 on, the bytes, and the file's path.
  mutating func place(_ words: [String: String], of tensor: String) throws(Failure) -> (Int, Range<Int>?, String) {
    guard let location = words["location"], !location.isEmpty else { throw bad(tensor, "names no file of its numbers") }
    guard !location.hasPrefix("/"), !location.split(separator: "/").contains(".."), !location.contains("\\") else {
      throw .badInput(
        "'\(model.printable)': initializer '\(tensor.printable)' points outside of its folder: '\(location.printable)'",
        advice: "do not use this model")
    }
    let number = try number(of: location, tensor)
    let source = sources[number - 1]
    let offset = words["offset"].map { Int($0) } ?? 0
    guard let offset, 0...source.bytes ~= offset else {
      throw bad(tensor, "starts beyond the end of '\(location.printable)'")
    }
    let length = words["length"].map { Int($0) } ?? source.bytes - offset
    guard let length, 0...(source.bytes - offset) ~= length else {
      throw bad(tensor, "reaches beyond the end of '\(location.printable)' of \(source.bytes) bytes")
    }
    return (number, offset..<offset + length, source.path)
  }

  private mutating func number(of location: String, _ tensor: String) throws(Failure) -> Int {
    if let known = numbers[location] { return known }
    let path = "\(folder)/\(location)"
    guard FileStatus(path: path)?.kind == .file, sources.count < Self.mostFiles else {
      throw bad(tensor, "has its numbers in '\(location.printable)', which is not there")
    }
    sources.append(try SourceFile.described(path))
    numbers[location] = sources.count
    return sources.count
  }

  private func bad(_ tensor: String, _ what: String) -> Failure {
    .badInput(
      "'\(model.printable)': initializer '\(tensor.printable)' \(what)", advice: "download all files of the model again"
    )
  }
}
