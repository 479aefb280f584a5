internal import ArgumentParser
internal import Core
package import Lineage
package import Logs
package import Recovery
package import Reports
package import System

extension ByteCount: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
  package var defaultValueDescription: String { description }
}

extension DistanceMetric: ExpressibleByArgument {}
extension Stage: ExpressibleByArgument {}
extension EdgeLengths: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}
extension PairChoice: ExpressibleByArgument {}

/// `auto`, or a number of families.
struct FamilyCount: ExpressibleByArgument, CustomStringConvertible {
  var count: Int?

  init() {}

  init?(argument: String) {
    if argument == "auto" { return }
    guard let number = Int(argument) else { return nil }
    count = number
  }

  var description: String { count.map(String.init) ?? "auto" }
}
