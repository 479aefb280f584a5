internal import Core
internal import Documents
internal import Foundation
package import System

/// What people say of models: when they were made, and what from. Dates forbid edges backwards in time;
/// declared bases are compared with what the weights say and change nothing.
package struct Hints: Sendable, Equatable {
  package struct Hint: Sendable, Equatable {
    /// Seconds since 1970, or the place in some order.
    package var created: Double?
    package var base: String?
    /// As declared, such as `apache-2.0`; nobody checked.
    package var license: String?

    package init(created: Double? = nil, base: String? = nil, license: String? = nil) {
      self.created = created
      self.base = base
      self.license = license
    }
  }

  /// By model id.
  package var models: [String: Hint]

  package init(models: [String: Hint]) { self.models = models }

  /// Reads a CSV file with the columns id, created, base_model, license, or YAML (JSON is YAML) with a list of
  /// such entries, or with the ids as keys.
  ///
  /// - Throws: `Failure` (bad input) naming the line or entry that is not as it should be.
  package init(path: String) throws(Failure) {
    let data: Data
    do {
      data = try BoundedFile.read(path, limit: Self.mostBytes)
    } catch {
      throw .badInput("cannot read the hints '\(path.printable)': \(error)", advice: "check that the path is right")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw .badInput("the hints '\(path.printable)' are not UTF-8 text", advice: Self.forms)
    }
    let isCSV = path.lowercased().hasSuffix(".csv")
    let entries = isCSV ? try Self.table(text, path) : try Self.document(text, path)
    models = [:]
    var isNumber: Bool?
    for entry in entries {
      guard !entry.id.isEmpty else { throw Self.bad(path, entry.place, "has no id") }
      guard models[entry.id] == nil else {
        throw Self.bad(path, entry.place, "names the model '\(entry.id.printable)' a second time")
      }
      var hint = Hint(
        base: entry.base.isEmpty ? nil : entry.base, license: entry.license.isEmpty ? nil : entry.license)
      if !entry.created.isEmpty {
        let number = Double(entry.created)
        guard let created = number ?? Self.seconds(entry.created), created.isFinite else {
          throw Self.bad(
            path, entry.place,
            "has the date '\(entry.created.printable)', expected 2024-05-31, 2024-05-31T12:00:00Z or a number")
        }
        guard isNumber == nil || isNumber == (number != nil) else {
          throw Self.bad(path, entry.place, "has a number where others have dates, or a date where others have numbers")
        }
        isNumber = number != nil
        hint.created = created
      }
      models[entry.id] = hint
    }
    guard !models.isEmpty else {
      throw .badInput("the hints '\(path.printable)' name no model", advice: Self.forms)
    }
  }

  /// Is an edge between the two known to go backwards in time?
  package func forbids(parent: String, child: String) -> Bool {
    guard let before = models[parent]?.created, let after = models[child]?.created else { return false }
    return before > after
  }

  /// The base model that a model card names in its front matter; nil where it names none, or where the front matter
  /// cannot be read or is not worth reading.
  package static func base(inCard text: String) -> String? {
    guard let front = frontMatter(text) else { return nil }
    let declared = (front["base_model"] as? [Any])?.first ?? front["base_model"]
    return (declared as? String).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The license that a model card names: `license`, or `license_name` where that says `other`.
  package static func license(inCard text: String) -> String? {
    guard let front = frontMatter(text) else { return nil }
    let stated = ((front["license"] as? [Any])?.first ?? front["license"]) as? String
    let name = stated == "other" ? (front["license_name"] as? String) ?? stated : stated
    return name.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func frontMatter(_ text: String) -> [String: Any]? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.hasSuffix("\r") ? $0.dropLast() : $0
    }
    guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return nil }
    return (try? BoundedYAML.load(lines[1..<end].joined(separator: "\n"))) as? [String: Any]
  }

  private static let mostBytes = 16 << 20

  struct Entry {
    var place: String
    var id: String
    var created = ""
    var base = ""
    var license = ""
  }

  static let columns = ["id", "created", "base_model", "license"]
  static let forms = "expected a CSV file with the columns id, created, base_model, license, or YAML with the same keys"

  static func bad(_ path: String, _ place: String, _ what: String) -> Failure {
    .badInput("the hints '\(path.printable)', \(place), \(what)", advice: "mend the entry; \(forms)")
  }

  private static func table(_ text: String, _ path: String) throws(Failure) -> [Entry] {
    var rows = CSVRows.of(text)
    guard let head = rows.first?.fields.map({ $0.trimmingCharacters(in: .whitespaces) }) else { return [] }
    guard head.contains("id") else { throw bad(path, "line 1", "has no column 'id'") }
    if let odd = head.first(where: { !columns.contains($0) }) {
      throw bad(path, "line 1", "has the unknown column '\(odd.printable)'")
    }
    guard Set(head).count == head.count else { throw bad(path, "line 1", "names a column twice") }
    rows.removeFirst()
    var entries: [Entry] = []
    for row in rows where row.fields != [""] {
      guard row.fields.count == head.count else {
        throw bad(path, "line \(row.line)", "has \(row.fields.count) fields, expected \(head.count)")
      }
      var entry = Entry(place: "line \(row.line)", id: "")
      for (name, field) in zip(head, row.fields) {
        set(name, field.trimmingCharacters(in: .whitespaces), of: &entry)
      }
      entries.append(entry)
    }
    return entries
  }

  private static func document(_ text: String, _ path: String) throws(Failure) -> [Entry] {
    let document: Any?
    do {
      document = try BoundedYAML.load(text)
    } catch {
      throw .badInput("the hints '\(path.printable)' cannot be read as YAML: \(error)", advice: forms)
    }
    if let list = document as? [Any] {
      return try list.enumerated().map { number, value throws(Failure) in
        try entry(value, Entry(place: "entry \(number + 1)", id: ""), path)
      }
    }
    guard let keyed = document as? [String: Any] else {
      throw .badInput("the hints '\(path.printable)' are no list and no mapping of models", advice: forms)
    }
    return try keyed.sorted { $0.key < $1.key }.map { id, value throws(Failure) in
      try entry(value, Entry(place: "entry '\(id.printable)'", id: id), path)
    }
  }

  private static func entry(_ value: Any, _ start: Entry, _ path: String) throws(Failure) -> Entry {
    guard let fields = value as? [String: Any] else {
      throw bad(path, start.place, "is no mapping of created and base_model")
    }
    var entry = start
    for (name, field) in fields.sorted(by: { $0.key < $1.key }) {
      guard columns.contains(name) else { throw bad(path, start.place, "has the unknown key '\(name.printable)'") }
      switch field {
      case let date as Date: set(name, "\(date.formatted(.iso8601))", of: &entry)
      case is NSNull: continue
      default: set(name, "\(field)", of: &entry)
      }
    }
    return entry
  }

  private static func set(_ name: String, _ text: String, of entry: inout Entry) {
    switch name {
    case "id": entry.id = text
    case "created": entry.created = text
    case "license": entry.license = text
    default: entry.base = text
    }
  }

  private static func seconds(_ text: String) -> Double? {
    let day = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day()
    let parsers = [
      Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true),
    ]
    for parser in parsers {
      if let date = try? parser.parse(text) { return date.timeIntervalSince1970 }
    }
    guard text.utf8.count == 10 else { return nil }
    return (try? day.parse(text))?.timeIntervalSince1970
  }
}
