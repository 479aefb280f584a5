public import ArgumentParser
internal import Core
public import Lineage
public import Logs
public import Reports
public import System

extension ByteCount: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
  public var defaultValueDescription: String { description }
}

extension DistanceMetric: ExpressibleByArgument {}
extension Stage: ExpressibleByArgument {}
extension EdgeLengths: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}

/// `auto`, or a number of families.
struct FamilyCount: ExpressibleByArgument, CustomStringConvertible {
  var count: Int?

  init() {}

  init?(argument: String) {
    if argument == "auto" { return }
    guard let number = Int(argument), number >= 1 else { return nil }
    count = number
  }

  var description: String { count.map(String.init) ?? "auto" }
}
