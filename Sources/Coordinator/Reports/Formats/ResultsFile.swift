package import Core
internal import Foundation
internal import Storage
package import System

/// `results.h5`: every number behind the tree, readable with h5py. It is filled section by section and tensor by
/// tensor, so that no more than one is in memory, and moved into place when it is complete.
///
/// Where all models are compared with each other, its arrays lie at the top. Otherwise every section has a group with
/// the same arrays of its own models: matrices of all models would hold hardly a number. A model belongs to one section.
/// It may be a guest in the last ones, by what narrower models have kept of it, and in others of the same group, where
/// more models than one section can have are compared in several that overlap.
package final class ResultsFile {
  /// What is known of a tensor before its sums.
  package struct Tensor: Sendable {
    package var name: String
    package var shape: TensorShape
    package var role: TensorRole
    package var statistics: Statistics

    package init(name: String, shape: TensorShape, role: TensorRole, statistics: Statistics) {
      self.name = name
      self.shape = shape
      self.role = role
      self.statistics = statistics
    }
  }

  private let path: String
  private let temporary: String
  private let ids: [String]
  /// nil: one of all models.
  private let sections: [[Int]]?
  /// Per section.
  private let groups: [Int]?
  private let file: HDF5File

  static let fileName = "results.h5"

  /// Name of the attribute that counts the sections, and the group of one.
  static let sectionsAttribute = "sections"
  /// Name of the attribute that counts the sections with guests; absent where there are none.
  static let guestsAttribute = "sections_with_guests"
  /// Per model the section that it belongs to, -1: none.
  static let homesName = "/section"
  /// Per section the group of overlapping sections that it belongs to, -1: none; absent where there are no such groups.
  static let groupsName = "/section_group"
  static func group(_ section: Int) -> String { "/sections/\(section)" }

  /// - Parameters:
  ///   - ids: of all models.
  ///   - sections: models that are compared with each other, by number; nil: all of them.
  ///   - guests: how many of the last sections may have models that belong to others.
  ///   - groups: per section the number of its group of overlapping sections, -1: none; nil: there are no such groups.
  package init(
    to path: String, ids: [String], sections: [[Int]]? = nil, guests: Int = 0, groups: [Int]? = nil
  ) throws(Failure) {
    self.path = path
    self.ids = ids
    self.sections = sections
    self.groups = groups
    temporary = AtomicFile.temporaryName(for: path)
    file = try HDF5File(creating: temporary)
    try file.setAttribute("modeltree", of: "/", to: Version.software)
    try file.write(ids, to: "/models")
    guard let sections else { return }
    try file.setAttribute(Self.sectionsAttribute, of: "/", to: sections.count)
    if guests > 0 { try file.setAttribute(Self.guestsAttribute, of: "/", to: guests) }
    if let groups { try file.write(groups.map { Int64($0) }, shape: [groups.count], to: Self.groupsName) }
  }

  /// Discards what was written if `close` was not called.
  deinit { try? FileManager.default.removeItem(atPath: temporary) }

  /// Begins the next section, once the one before it is finished.
  package func section(_ number: Int = 0, tensors: [Tensor]) throws(Failure) -> ResultsSection {
    guard let sections else { return try ResultsSection(file, group: "", models: ids.count, tensors) }
    let (group, members) = (Self.group(number), sections[number])
    try file.makeGroup(group)
    try file.write(members.map { Int64($0) }, shape: [members.count], to: "\(group)/models")
    return try ResultsSection(file, group: group, models: members.count, tensors)
  }

  /// Puts the file in place.
  ///
  /// - Parameters:
  ///   - families: number per model; where there is one section, it has them.
  ///   - homes: per model the section that it belongs to, nil: none; left out: the first that has it.
  package func close(families: [Int], homes: [Int?]? = nil) throws(Failure) {
    if let sections {
      try file.write(families.map { Int64($0) }, shape: [ids.count], to: "/family")
      var numbers = Array(repeating: Int64(-1), count: ids.count)
      for (number, members) in sections.enumerated() {
        for model in members where numbers[model] < 0 { numbers[model] = Int64(number) }
      }
      if let homes { numbers = homes.map { Int64($0 ?? -1) } }
      try file.write(numbers, shape: [ids.count], to: Self.homesName)
    }
    try file.close()
    try AtomicFile.commit(temporary, as: path)
  }
}
