internal import Fingerprints
package import System

/// Is everything in a registry as it was written?
package struct RegistryCheck: Sendable, Equatable, Encodable {
  package struct Problem: Sendable, Equatable, Encodable {
    package var segment: Int
    package var byte: Int
    package var reason: String
  }

  package var path: String
  package var segments = 0
  /// Whole records with right checksums.
  package var models = 0
  package var bytes = 0
  /// What an interrupted writer left at the end; the next writer removes it.
  package var unfinishedBytes = 0
  /// Records whose row in the index is missing or wrong; searches read those records instead.
  package var rowsMissing = 0
  package var problems: [Problem] = []

  package var isSound: Bool { problems.isEmpty }

  /// Reads all of a registry.
  ///
  /// - Throws: `Failure` (bad input): no registry, or one of another version.
  package init(_ path: String) throws(Failure) {
    let folder = try RegistryFolder(path)
    self.path = path
    for number in try folder.segments() {
      segments += 1
      let segment: Segment
      do throws(Failure) {
        guard let opened = try Segment(folder, number) else { continue }
        segment = opened
      } catch {
        problems.append(Problem(segment: number, byte: 0, reason: error.message))
        continue
      }
      var sound: [Int: IndexRow] = [:]
      var order: [Int] = []
      let end = try segment.eachPlace { place throws(Failure) in
        order.append(place.offset)
        do throws(Failure) {
          let (entry, fingerprint) = try segment.record(at: place)
          sound[place.offset] = IndexRow(offset: place.offset, head: place.head, entry, fingerprint)
          models += 1
          bytes += place.head.bytes
        } catch {
          problems.append(Problem(segment: number, byte: place.offset, reason: error.message))
        }
      }
      switch end {
      case .whole: break
      case .torn(let offset): unfinishedBytes += segment.file.length - offset
      case .damaged(let offset):
        problems.append(
          Problem(segment: number, byte: offset, reason: "there is no record, and what follows is not read"))
      }
      rowsMissing += try missing(folder, number, order, sound)
    }
  }

  private func missing(
    _ folder: RegistryFolder, _ number: Int, _ order: [Int], _ sound: [Int: IndexRow]
  ) throws(Failure) -> Int {
    let rows = try SegmentIndex(folder, number).stored()
    return order.indices.count { place in
      guard let row = sound[order[place]] else { return false }
      return place >= rows.count || rows[place] != row.encoded
    }
  }

  package var json: String { JSONText.answer(self) }

  package var text: String {
    var lines = problems.map { "segment \($0.segment), byte \($0.byte): \($0.reason)" }
    if unfinishedBytes > 0 {
      lines.append(
        "\(ByteCount(bytes: unfinishedBytes)) of an interrupted writer at the end: nothing is lost, the next writer removes them"
      )
    }
    if rowsMissing > 0 {
      lines.append(
        "\(counted(rowsMissing, "row")) missing in the index: searches read those models' fingerprints instead")
    }
    lines.append(
      "\(counted(models, "model")) in \(counted(segments, "segment")), \(ByteCount(bytes: bytes)): "
        + (isSound ? "all as written" : "\(counted(problems.count, "problem"))"))
    return lines.joined(separator: "\n") + "\n"
  }
}
