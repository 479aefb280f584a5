internal import Reports
internal import Storage
package import System

/// Are the files of a finished run still those that its findings are about?
package struct RunVerification: Sendable, Equatable, Encodable {
  package enum State: String, Sendable, Encodable {
    /// Same size, time and header; and the same SHA-256, where the run recorded one and it was asked for.
    case unchanged
    case changed, gone
  }

  package struct File: Sendable, Equatable, Encodable {
    package var model: String
    package var path: String
    package var state: State
    /// Was the whole file hashed and compared?
    package var hashed: Bool
    /// What differs.
    package var reason: String?
  }

  /// A file that the run wrote.
  package struct Result: Sendable, Equatable, Encodable {
    package var name: String
    package var state: State
    /// What differs.
    package var reason: String?
  }

  package var files: [File] = []
  /// Empty for a run of a version that did not keep what its results looked like.
  package var results: [Result] = []

  /// - Parameters:
  ///   - run: directory of a finished run.
  ///   - hashes: read all files for the hashes that the run recorded?
  /// - Throws: `Failure` (bad input): no finished run, or one whose record does not know its files.
  package init(run: String, hashes: Bool) throws(Failure) {
    let record = try RunRecord(path: "\(run)/run.json")
    for result in record.results ?? [] {
      let flaw = try result.flaw(in: run)
      let state: State = flaw == nil ? .unchanged : flaw?.found == nil ? .gone : .changed
      results.append(Result(name: result.name, state: state, reason: flaw?.reason))
    }
    for model in record.models {
      guard let sources = model.sources else {
        throw .badInput(
          "'\(run.printable)' was made by a version that did not record the state of its files",
          advice: "recover the collection again")
      }
      for source in sources { files.append(try Self.file(source, of: model.id, hashes: hashes)) }
    }
  }

  private static func file(_ source: RunRecord.Source, of model: String, hashes: Bool) throws(Failure) -> File {
    var file = File(model: model, path: source.path, state: .unchanged, hashed: false)
    guard SourceFile.status(of: source.path) != nil else {
      file.state = .gone
      file.reason = "does not exist, or cannot be seen from here"
      return file
    }
    do throws(Failure) {
      try source.file.verify(model: model)
    } catch {
      file.state = .changed
      file.reason = error.message
      return file
    }
    guard hashes, let known = source.sha256 else { return file }
    file.hashed = true
    let now = try WeightFile(path: source.path).sha256()
    if now != known {
      file.state = .changed
      file.reason = "its SHA-256 is \(now), was \(known)"
    }
    return file
  }

  package var hasItsSources: Bool { files.allSatisfy { $0.state == .unchanged } }

  package var hasItsResults: Bool { results.allSatisfy { $0.state == .unchanged } }

  package var json: String { JSONText.answer(self) }

  package var text: String {
    var lines = files.filter { $0.state != .unchanged }.map { file in
      "\(file.state.rawValue)  \(file.model.printable): \(file.path.printable)\n  \((file.reason ?? "").printable)"
    }
    for result in results where result.state != .unchanged {
      lines.append("\(result.state.rawValue)  \(result.name.printable)\n  \((result.reason ?? "").printable)")
    }
    let sound = files.count { $0.state == .unchanged }
    let hashed = files.count(where: \.hashed)
    lines.append(
      "\(sound) of \(counted(files.count, "file")) \(sound == 1 ? "is" : "are") as the run read them"
        + (hashed > 0 ? ", \(hashed) by SHA-256" : ", by size, time and header"))
    if !results.isEmpty {
      let whole = results.count { $0.state == .unchanged }
      lines.append(
        "\(whole) of \(counted(results.count, "result")) \(whole == 1 ? "is" : "are") as the run wrote them, by checksum"
      )
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
