/// All names of all dialects, for the search by the end of a name.
struct DialectIndex {
  struct Meaning {
    /// Place in `Dialect.all`.
    var dialect: Int
    var entry: Dialect.Entry
    /// Which numbers of the name are part of the template.
    var literal: [Bool]
  }

  /// Templates with the literal numbers of their dialect.
  private var meanings: [String: [Meaning]] = [:]
  /// Templates without literal numbers, and which of the numbers may be literal.
  private var literals: [String: [[Bool]]] = [:]
  /// Templates of canonical names, and what other dialects call the same tensors where they store them the same way.
  private var aliases: [String: [String]] = [:]
  private let longest: Int

  static let shared = DialectIndex(Dialect.all)

  private init(_ dialects: [Dialect]) {
    var longest = 0
    for (number, dialect) in dialects.enumerated() {
      for (template, entry) in dialect.entries {
        let parts = NameTemplate(template)
        let literal = parts.literals.contains(true) ? parts.literals : []
        meanings[template, default: []].append(Meaning(dialect: number, entry: entry, literal: literal))
        longest = max(longest, parts.parts.count)
        if entry.steps.isEmpty, let canonical = entry.canonical.first, canonical != template {
          aliases[canonical, default: []].append(template)
        }
        let bare = parts.withoutLiterals
        if !(literals[bare, default: []].contains(literal)) { literals[bare, default: []].append(literal) }
      }
    }
    for template in aliases.keys { aliases[template]?.sort() }
    for template in literals.keys {
      // Templates that say most of the numbers come first.
      literals[template]?.sort { a, b in
        let (first, second) = (a.count(where: \.self), b.count(where: \.self))
        return first != second ? first > second : "\(a)" < "\(b)"
      }
    }
    for template in meanings.keys { meanings[template]?.sort { $0.dialect < $1.dialect } }
    self.longest = longest
  }

  /// What the end of a name means: from which part on it is a name of which dialect, the longest ends first.
  func ends(of name: NameTemplate) -> [(start: Int, meaning: Meaning)] {
    var found: [(Int, Meaning)] = []
    for start in max(0, name.parts.count - longest)..<name.parts.count {
      for literal in literals[name.text(from: start)] ?? [] {
        for meaning in meanings[name.text(from: start, literal: literal)] ?? [] where meaning.literal == literal {
          found.append((start, meaning))
        }
      }
    }
    return found
  }

  /// What other dialects call the tensor of a canonical name.
  func aliases(of name: NameTemplate) -> [String] {
    (literals[name.text(from: 0)] ?? []).flatMap { literal in
      (aliases[name.text(from: 0, literal: literal)] ?? []).map {
        NameTemplate.filling($0, name.numbers(from: 0, literal: literal))
      }
    }
  }
}
