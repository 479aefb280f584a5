import Foundation
import TestPrograms
import TestSeed
import TestSupport
import Testing

/// Model stores with bytes turned over are read or refused; libhdf5 must not take the program down.
@Suite struct DamagedStoreTests {
  @Test func storesOfAnyBytesAreReadOrRefused() throws {
    var random = Seeded.fresh()
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily(children: 1)
    let stores = scratch.at("stores")
    #expect(try Program.run(Program.modeltree, ["import", models, "--store", stores, "--copy"]).status == 0)
    let good = try Data(contentsOf: URL(fileURLWithPath: "\(stores)/root.h5"))
    var refused = 0
    let rounds = 120
    for round in 0..<rounds {
      var bytes = good
      // The structure is at the start; the rest are weights, which may be anything.
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        bytes[Int.random(in: 0..<6000, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if round % 5 == 0 { bytes = bytes.prefix(Int.random(in: 0..<bytes.count, using: &random)) }
      let damaged = scratch.at("damaged.h5")
      try bytes.write(to: URL(fileURLWithPath: damaged))
      let output = try Program.run(Program.modeltree, ["plan", damaged, "\(stores)/child0.h5"])
      if output.status != 0 { refused += 1 }
      let isOrderly = output.status == 0 || output.status == 65 && output.stderr.contains("damaged.h5")
      #expect(isOrderly, "seed \(random.seed), round \(round): \(output.status) \(output.stderr)")
    }
    #expect(refused > rounds / 10, "seed \(random.seed)")
  }
}
