/// Durations as text.
package enum TimeText {
  /// `40 s`, `12 min`, `3 h 20 min`, `2 d 4 h`: rounded up, so that remaining time does not reach 0 too early.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e12 else { return "for ever" }
    let whole = Int(max(0, seconds).rounded(.up))
    if whole < 100 { return "\(whole) s" }
    if whole < 6000 { return "\((whole + 30) / 60) min" }
    if whole < 48 * 3600 { return "\(whole / 3600) h \(whole % 3600 / 60) min" }
    return "\(whole / 86400) d \(whole % 86400 / 3600) h"
  }
}
