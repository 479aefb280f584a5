internal import Core
internal import Documents
internal import Foundation
package import System

/// The recoveries of a batch, as a YAML file lists them.
///
///     out: runs                  # run directories go here, by name; optional
///     defaults: {distance: l2}   # options of 'modeltree recover' for every job; optional
///     jobs:
///       - models/llamas          # a job may be just a path: its name is the folder's
///       - name: vits
///         models: [models/vits, more/vit-x]
///         truth: models/vits/truth.json
///
/// Paths are relative to the file. Options are named as on the command line, without the dashes.
package struct JobList: Sendable, Equatable {
  package struct Job: Sendable, Equatable {
    /// Unique in the list.
    package var name: String
    /// Absolute.
    package var models: [String]
    /// The run directory, absolute.
    package var out: String
    /// By the names of the command line, without dashes.
    package var options: [String: String]

    package init(name: String, models: [String], out: String, options: [String: String] = [:]) {
      self.name = name
      self.models = models
      self.out = out
      self.options = options
    }
  }

  package var jobs: [Job]
  /// Where run directories go that are not named one by one; absolute.
  package var out: String

  /// Options that a job may have, and whether their value is a path.
  private static let options: [String: Bool] = [
    "distance": false, "stage": false, "lambda": false, "families": false, "distance-layers": false,
    "score-layers": false, "align": false, "truth": true, "hints": true,
  ]

  /// - Parameters:
  ///   - path: of the list.
  ///   - out: in place of the file's own.
  /// - Throws: `Failure` (bad input) with the file, the job and the key.
  package init(path: String, out: String? = nil) throws(Failure) {
    let data: Data
    do {
      data = try BoundedFile.read(path, limit: BoundedYAML.mostBytes)
    } catch {
      throw .badInput(
        "cannot read the list of jobs '\(path.printable)': \(error)", advice: "check that the path is right")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw .badInput("the list of jobs '\(path.printable)' is not UTF-8 text", advice: "save it as UTF-8")
    }
    try self.init(yaml: text, path: path, out: out)
  }

  init(yaml: String, path: String, out: String?) throws(Failure) {
    let reader = Reader(path: path)
    let document: Any?
    do {
      document = try BoundedYAML.load(yaml)
    } catch {
      throw reader.failure("cannot be read as YAML: \(error)")
    }
    guard let top = document as? [String: Any] else {
      throw reader.failure("is no list of jobs", "begin with 'jobs:' and a list below it")
    }
    try reader.check(top.keys, known: ["jobs", "out", "defaults"], in: "the file")
    let runs: String =
      if let out { URL(fileURLWithPath: out).standardizedFileURL.path } else {
        reader.absolute(try reader.text(top["out"] ?? "runs", "out"))
      }
    let defaults = try reader.options(top["defaults"] ?? [String: Any](), of: "defaults", Self.options)
    guard let items = top["jobs"] as? [Any], !items.isEmpty else {
      throw reader.failure("has no jobs", "give a list of paths, or of jobs with name and models, under 'jobs:'")
    }
    self.out = runs
    jobs = []
    for (index, item) in items.enumerated() {
      jobs.append(try reader.job(item, "job \(index + 1)", runs, defaults, Self.options))
    }
    try Self.requireUnique(jobs, reader)
  }

  private static func requireUnique(_ jobs: [Job], _ reader: Reader) throws(Failure) {
    for (what, values) in [("the name", jobs.map(\.name)), ("the run directory", jobs.map(\.out))] {
      var seen: Set<ByteString> = []
      for value in values where !seen.insert(ByteString(value)).inserted {
        throw reader.failure("gives two jobs \(what) '\(value.printable)'", "give one of them another 'name' or 'out'")
      }
    }
  }
}

/// Turns the YAML's values into jobs, with errors that name file, job and key.
private struct Reader {
  let path: String

  func failure(_ problem: String, _ advice: String = "mend the file; 'modeltree batch --help' shows one") -> Failure {
    .badInput("'\(path.printable)' \(problem)", advice: advice)
  }

  /// A path in the file.
  func absolute(_ text: String) -> String {
    let base = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent()
    return URL(fileURLWithPath: text, relativeTo: base).standardizedFileURL.path
  }

  func check(_ keys: Dictionary<String, Any>.Keys, known: Set<String>, in place: String) throws(Failure) {
    guard let stranger = keys.filter({ !known.contains($0) }).min() else { return }
    throw failure(
      "has the key '\(stranger.printable)' in \(place)", "known there are: \(known.sorted().joined(separator: ", "))")
  }

  func text(_ value: Any, _ place: String) throws(Failure) -> String {
    switch value {
    case let text as String where !text.isEmpty: return text
    case let number as Int: return "\(number)"
    case let number as Double: return "\(number)"
    default: throw failure("has no text or number under '\(place)'")
    }
  }

  func texts(_ value: Any, _ place: String) throws(Failure) -> [String] {
    guard let several = value as? [Any] else { return [try text(value, place)] }
    guard !several.isEmpty else { throw failure("has an empty list under '\(place)'") }
    var all: [String] = []
    for one in several { all.append(try text(one, place)) }
    return all
  }

  func options(_ value: Any, of place: String, _ known: [String: Bool]) throws(Failure) -> [String: String] {
    guard let mapping = value as? [String: Any] else {
      throw failure("has no options under '\(place)'", "write them as 'distance: l2', one a line")
    }
    try check(mapping.keys, known: Set(known.keys), in: "'\(place)'")
    var options: [String: String] = [:]
    for (name, value) in mapping {
      let text = try text(value, "\(place): \(name)")
      options[name] = known[name] == true && text != "auto" ? absolute(text) : text
    }
    return options
  }

  func job(_ item: Any, _ place: String, _ runs: String, _ defaults: [String: String], _ known: [String: Bool])
    throws(Failure) -> JobList.Job
  {
    if let path = item as? String { return try job(["models": path], place, runs, defaults, known) }
    guard var mapping = item as? [String: Any] else {
      throw failure("has something else than a path or a job as \(place)")
    }
    let own: Set<String> = ["name", "models", "out"]
    try check(mapping.keys, known: own.union(known.keys), in: place)
    guard let given = mapping.removeValue(forKey: "models") else {
      throw failure("has no 'models' in \(place)", "name a folder of models, or a list of them")
    }
    let models = try texts(given, "models of \(place)").map(absolute)
    let name: String =
      if let given = mapping.removeValue(forKey: "name") { try text(given, "name of \(place)") } else {
        URL(fileURLWithPath: models[0]).lastPathComponent
      }
    guard !name.contains("/"), name != ".", name != "..", name == name.printable else {
      throw failure(
        "names \(place) '\(name.printable)'", "a name becomes a folder's: leave out slashes and control characters")
    }
    let out = try mapping.removeValue(forKey: "out").map { value throws(Failure) in
      absolute(try text(value, "out of \(place)"))
    }
    let options = try options(mapping, of: place, known)
    return JobList.Job(
      name: name, models: models, out: out ?? "\(runs)/\(name)", options: defaults.merging(options) { $1 })
  }
}
