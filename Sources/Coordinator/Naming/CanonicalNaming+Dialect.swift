extension CanonicalNaming {
  /// The dialect that most of a model's tensor names belong to; nil when none knows half of them.
  package static func dialect(of names: [String]) -> String? {
    Dialect.spoken(in: names.map { NameTemplate(CanonicalName.of($0)) })?.name
  }
}
