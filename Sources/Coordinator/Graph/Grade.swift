/// How far an edge may be relied on: the one scale that everything which shows edges uses.
///
/// The limits apply to the support as it is shown, in whole percents, so that no reader sees "95 %" called weak.
package enum Grade: String, Sendable, Codable, CaseIterable, Comparable {
  /// Another parent, or the reverse, is nearly as likely. Nothing should be built on such an edge.
  case undecided
  /// Likely, but an alternative is within noise.
  case weak
  /// From 95 %: what is said with it must be right in 95 of 100 cases.
  case firm

  /// In percent; below the second an edge is undecided.
  package static let leastFirm = 95
  package static let leastWeak = 75
  /// The first as a support, for where nothing is rounded.
  package static let leastFirmSupport = Double(leastFirm) / 100

  /// - Parameter support: 0...1; of an edge the smaller one of its two supports.
  package init(support: Double) {
    let percent = Int((support * 100).rounded())
    self = percent >= Self.leastFirm ? .firm : percent >= Self.leastWeak ? .weak : .undecided
  }

  /// One character before or after a number where there is no room for the word; none for firm edges.
  package var mark: String {
    switch self {
    case .undecided: "?"
    case .weak: "~"
    case .firm: ""
    }
  }

  package static func < (a: Grade, b: Grade) -> Bool { a.order < b.order }

  private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
