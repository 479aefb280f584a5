import Checkpoints
import Core
import Foundation
import Storage
import System
import TestSeed
import TestSupport
import Testing

/// Damages a file in many ways and reads it each time.
enum Mutations {
  /// - Returns: how many of the damaged files were read.
  static func run(_ good: [UInt8], as name: String, rounds: Int, _ seeded: Seeded, _ folder: TemporaryFolder) throws
    -> Int
  {
    var random = seeded
    var read = 0
    for round in 0..<rounds {
      let path = try folder.write(damaged(good, &random), to: "damaged")
      do {
        let file = try CheckpointFile(path: path)
        read += 1
        check(file, bytes: try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0)
      } catch let failure as Failure {
        #expect(failure.kind == .badInput, "seed \(seeded.seed), \(name), round \(round): \(failure)")
        #expect(failure.message.contains("damaged"), "seed \(seeded.seed), \(name), round \(round): \(failure)")
        #expect(!failure.description.unicodeScalars.contains("\u{1b}"), "\(failure)")
      }
    }
    return read
  }

  static func damaged(_ good: [UInt8], _ random: inout Seeded) -> [UInt8] {
    var bytes = good
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      // Tables of contents are at both ends.
      let reach = min(bytes.count, 600)
      let place =
        Bool.random(using: &random)
        ? Int.random(in: 0..<reach, using: &random) : bytes.count - 1 - Int.random(in: 0..<reach, using: &random)
      switch Int.random(in: 0..<7, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.remove(at: place)
      case 3: bytes = Array(bytes[..<max(1, place)])
      case 4: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 40)], at: place)
      case 5:
        for index in place..<min(bytes.count, place + 8) { bytes[index] = Bool.random(using: &random) ? 0xff : 0x7f }
      default:
        let other = Int.random(in: 0..<bytes.count, using: &random)
        for index in 0..<min(16, bytes.count - max(place, other)) {
          bytes[place + index] = good[min(good.count - 1, other + index)]
        }
      }
    }
    return bytes
  }

  static func check(_ file: CheckpointFile, bytes: Int) {
    for entry in file.entries {
      switch entry.content {
      case .recipe(let recipe):
        let tensor = StoredTensor(name: entry.name, shape: entry.shape, recipe: recipe)
        #expect(tensor.isPossible, "\(entry)")
        #expect(tensor.arrays.allSatisfy { $0.offset >= 0 && $0.bytes <= bytes - $0.offset }, "\(entry)")
      case .packed(let stored): #expect(0 <= stored.range.lowerBound && stored.range.upperBound <= bytes, "\(entry)")
      case .unread: break
      }
    }
  }
}
