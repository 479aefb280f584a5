package import Core

/// Finds the canonical tensors that a model's stored ones stand for, by their names alone.
///
/// A model is one network or several, each with its own dialect and its own names in front: a language model and
/// the tower that sees, a denoiser and its text encoders. Each of them is a section.
package enum CanonicalNaming {
  /// - Parameters:
  ///   - names: of all tensors of one model, as stored.
  ///   - shapes: of the same tensors.
  /// - Returns: one for each. Tensors that would become the same keep the names that they have.
  package static func tensors(named names: [String], shapes: [TensorShape]) -> [CanonicalTensor] {
    reading(names, shapes: shapes).tensors
  }

  /// As `tensors`, and which dialects the names belong to, that of most tensors first.
  ///
  /// - Parameter dialect: the one to choose of several that know as many of the names.
  package static func reading(
    _ names: [String], shapes: [TensorShape], preferring dialect: String? = nil
  ) -> (tensors: [CanonicalTensor], dialects: [String]) {
    let clean = names.map(CanonicalName.withoutNoise)
    let sections = Section.all(in: clean.map(NameTemplate.init), shapes, preferring: dialect)
    var tensors = zip(clean, shapes).enumerated().map { index, tensor in
      sections.tensor(index, shape: tensor.1) ?? CanonicalTensor(name: CanonicalName.of(tensor.0), shape: tensor.1)
    }
    let counts = Dictionary(tensors.map { ($0.name, 1) }, uniquingKeysWith: +)
    for index in tensors.indices where counts[tensors[index].name] != 1 {
      tensors[index] = CanonicalTensor(name: names[index], shape: shapes[index])
    }
    return (tensors, sections.dialects)
  }

  /// What the tensor of a canonical name does in its network, such as `layer.mlp.up.weight`: the words of the dialects'
  /// files, and the ending of the name.
  ///
  /// - Parameters:
  ///   - name: canonical.
  ///   - dialect: one that the model's names follow.
  /// - Returns: nil where the dialect does not say.
  package static func role(of name: String, in dialect: String) -> String? {
    guard let known = Dialect.all.first(where: { $0.name == dialect }),
      let reference = Dialect.all.first(where: { $0.name == known.reference })
    else { return nil }
    return reference.roles[CanonicalTensor.template(of: name)]
  }

  /// What dialects call the tensor of a canonical name, where they store it as it is.
  package static func aliases(of name: String) -> [String] {
    DialectIndex.shared.aliases(of: NameTemplate(name))
  }
}

/// A network of a model and the dialect that its names speak.
private struct Section {
  /// A tensor whose name the dialect knows.
  struct Known {
    /// The first part of the name that belongs to the dialect.
    var start: Int
    var meaning: DialectIndex.Meaning
  }

  var dialect: Dialect
  /// What precedes the names, without what wrappers put there.
  var place: String
  var known: [Int: Known] = [:]
  /// What precedes the names, as it is.
  var fronts: Set<String> = []

  /// - Returns: the sections, and the name of each tensor.
  static func all(in names: [NameTemplate], _ shapes: [TensorShape], preferring dialect: String?) -> Sections {
    var candidates: [Key: Section] = [:]
    for (number, name) in names.enumerated() {
      var taken: Set<Int> = []
      for (start, meaning) in DialectIndex.shared.ends(of: name)
      where taken.insert(meaning.dialect).inserted {
        let front = name.parts[..<start].joined(separator: ".")
        let key = Key(dialect: meaning.dialect, place: place(name.parts[..<start]))
        var section = candidates[key] ?? Section(dialect: Dialect.all[meaning.dialect], place: key.place)
        section.known[number] = Known(start: start, meaning: meaning)
        section.fronts.insert(front)
        candidates[key] = section
      }
    }
    var chosen: [Section] = []
    let preferred = dialect.flatMap { name in Dialect.all.firstIndex { $0.name == name } }
    let order = candidates.keys.sorted { ($0.dialect == preferred ? 0 : 1, $0) < ($1.dialect == preferred ? 0 : 1, $1) }
    for key in order where !(candidates[key]?.passesProbe(names, shapes) ?? false) { candidates[key] = nil }
    // The one that explains most tensors comes first and takes them from the others.
    while let key = largest(candidates, order), let section = candidates[key] {
      candidates[key] = nil
      guard section.isPlausible(names) else { continue }
      chosen.append(section)
      for other in order {
        guard var rest = candidates[other] else { continue }
        rest.known = rest.known.filter { section.known[$0.key] == nil }
        candidates[other] = rest.known.isEmpty ? nil : rest
      }
    }
    return Sections(chosen, names)
  }

  /// Of several, the one that comes first.
  private static func largest(_ candidates: [Key: Section], _ order: [Key]) -> Key? {
    var best: (key: Key, count: Int)?
    for key in order {
      let count = candidates[key]?.known.count ?? 0
      if count > best?.count ?? 0 { best = (key, count) }
    }
    return best?.key
  }

  private struct Key: Hashable, Comparable {
    var dialect: Int
    var place: String

    static func < (a: Key, b: Key) -> Bool { (a.dialect, a.place) < (b.dialect, b.place) }
  }

  /// What precedes a network's names, without words that only wrap it.
  private static func place(_ front: ArraySlice<Substring>) -> String {
    let inner = CommonNames.shared.inner
    return front.drop { inner.contains($0) }.reversed().drop { inner.contains($0) }.reversed().joined(separator: ".")
  }

  private func passesProbe(_ names: [NameTemplate], _ shapes: [TensorShape]) -> Bool {
    guard let probe = dialect.probe else { return true }
    let asked = known.filter { names[$0].text(from: $1.start) == probe.name }.keys
    // Adapters mostly lack it.
    guard !asked.isEmpty else { return dialect.name == dialect.reference }
    return asked.allSatisfy { (shapes[$0].rows > shapes[$0].columns) == probe.isTall }
  }

  /// Does the dialect explain at least half of what is there: of the model, or of layers that have names like its own?
  private func isPlausible(_ names: [NameTemplate]) -> Bool {
    if 2 * known.count >= names.count { return true }
    let templates = Set(known.map { names[$0].text(from: $1.start, literal: $1.meaning.literal) })
    guard templates.count >= 3 else { return false }
    var (inLayers, all) = (0, 0)
    for (number, name) in names.enumerated() where isInside(name) {
      all += 1
      if known[number] != nil { inLayers += 1 }
    }
    return inLayers > 0 && 2 * inLayers >= all
  }

  /// May a tensor belong to this network: to its layers, or where it has no layers that are alike, to all of it?
  private func isInside(_ name: NameTemplate) -> Bool {
    guard dialect.layers.own.isEmpty else { return isInLayer(name) != nil }
    return fronts.contains { front in
      let parts = front.split(separator: ".")
      return name.parts.count > parts.count && name.parts.starts(with: parts)
    }
  }

  /// The first part of a name that belongs to the dialect, for a tensor in one of its layers.
  func isInLayer(_ name: NameTemplate) -> Int? {
    guard !dialect.layers.own.isEmpty else { return nil }
    let own = dialect.layers.own.split(separator: ".")
    for start in 0..<max(1, name.parts.count - own.count) where start + own.count < name.parts.count {
      let fits = own.indices.allSatisfy {
        own[$0] == "#" ? name.isNumber[start + $0] : own[$0] == name.parts[start + $0]
      }
      if fits, fronts.contains(name.parts[..<start].joined(separator: ".")) { return start }
    }
    return nil
  }
}

/// The sections of one model.
private struct Sections {
  private let sections: [(section: Section, front: String)]
  private let names: [NameTemplate]

  init(_ sections: [Section], _ names: [NameTemplate]) {
    // A network is compared with those of other models wherever it is found; of several of one kind in a model,
    // the first is, and the others keep their place.
    var seen: Set<String> = []
    self.sections = sections.map { section in
      let isFirst = seen.insert(section.dialect.reference).inserted
      return (section, isFirst || section.place.isEmpty ? "" : section.place + ".")
    }
    self.names = names
  }

  /// Their names, each once.
  var dialects: [String] {
    var names: [String] = []
    for (section, _) in sections where !names.contains(section.dialect.name) { names.append(section.dialect.name) }
    return names
  }

  /// nil for a tensor of no section.
  func tensor(_ number: Int, shape: TensorShape) -> CanonicalTensor? {
    let name = names[number]
    for (section, front) in sections {
      if let known = section.known[number] {
        return tensor(name, known, section.dialect, front, shape)
      }
    }
    // A tensor of its own, but in the same layer as the others.
    for (section, front) in sections {
      guard let start = section.isInLayer(name) else { continue }
      return CanonicalTensor(name: front + own(name, from: start, section.dialect), shape: shape)
    }
    return nil
  }

  private func own(_ name: NameTemplate, from start: Int, _ dialect: Dialect) -> String {
    let text = name.text(from: start)
    guard text.hasPrefix(dialect.layers.own), !dialect.layers.canonical.isEmpty else {
      return name.parts[start...].joined(separator: ".")
    }
    return NameTemplate.filling(
      dialect.layers.canonical + text.dropFirst(dialect.layers.own.count), name.numbers(from: start))
  }

  private func tensor(
    _ name: NameTemplate, _ known: Section.Known, _ dialect: Dialect, _ front: String, _ shape: TensorShape
  ) -> CanonicalTensor {
    let numbers = name.numbers(from: known.start, literal: known.meaning.literal)
    // What has no effect on vectors is none.
    let steps = known.meaning.entry.steps.filter { step in
      switch step {
      case .transpose: shape.rank > 1
      case .squeeze: shape.rank > 2 && shape.extents[2...].allSatisfy { $0 == 1 }
      default: true
      }
    }
    if steps.isEmpty, let place = known.meaning.entry.canonical.first {
      return CanonicalTensor(name: front + NameTemplate.filling(place, numbers), shape: shape)
    }
    let experts = steps.contains(.splitExperts) ? shape.extents.first ?? 0 : nil
    let results: [String]
    if let experts {
      // A number of the canonical name more than of the stored one: the expert's.
      results = (0..<min(experts, Self.mostExperts)).flatMap { expert in
        known.meaning.entry.canonical.map { front + NameTemplate.filling($0, numbers + ["\(expert)"]) }
      }
    } else {
      results = known.meaning.entry.canonical.map { front + NameTemplate.filling($0, numbers) }
    }
    // Dialects that store it the same way call it by different names.
    return CanonicalTensor(
      name: results.first ?? front + own(name, from: known.start, dialect), shape: shape,
      rearrangement: Rearrangement(steps: steps, results: results))
  }

  private static let mostExperts = 4096
}
