import Checkpoints
import Core
import Foundation
import Storage
import System
import TestSeed
import TestSupport
import Testing

/// Files whose end was reserved and never written.
@Suite struct ZeroTailTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func matrix(_ number: Int, _ random: inout Seeded) -> TestTensor {
    TestTensor("layers.\(number).weight", .f32, [32, 32], (0..<1024).map { _ in random.normal() })
  }

  /// Against the bytes that each tensor has, wherever the download stopped.
  @Test func tensorsThatWereNotWrittenAreLeftOut() throws {
    var random = Seeded.fresh()
    let tensors = (0..<10).map { matrix($0, &random) }
    let whole = Safetensors.encode(tensors)
    let body = tensors.reduce(0) { $0 + $1.bytes.count }
    for number in 0..<12 {
      var written = Int.random(in: 0...body * 3 / 4, using: &random)
      // Of a tensor that lacks no more than some 64 bytes nothing tells that it was cut off.
      let missing = tensors[0].bytes.count - written % tensors[0].bytes.count
      if missing < 80 { written += missing }
      let cut = whole.count - body + written
      let name = "m\(number).safetensors"
      try folder.write(Array(whole[..<cut]) + Array(repeating: 0, count: whole.count - cut), to: name)
      let record = try Models.importOne(folder.at(name), into: folder.at("stores"))
      // A number at the end may be cut in its zeros.
      let sure = tensors.indices.filter { tensors[0].bytes.count * ($0 + 1) <= written }
      #expect(record.tensors.map(\.name) == sure.map { tensors[$0].name }, "seed \(random.seed), \(written)")
      #expect(record.checkpoint.notes.contains { $0.contains("unfinished download?") }, "\(record.checkpoint.notes)")
      #expect(record.checkpoint.notes.contains { $0.hasPrefix("\(10 - sure.count) of 10 tensors") })
    }
  }

  /// A small last layer that was initialized with zeros, and vectors.
  @Test func zerosThatSomebodyWroteStay() throws {
    var random = Seeded.fresh()
    let trained = (0..<40).map { matrix($0, &random) }
    let zero = TestTensor("out.weight", .f32, [32, 32], Array(repeating: 0, count: 1024))
    try folder.write(trained + [zero], to: "m.safetensors")
    let record = try Models.importOne(folder.at("m.safetensors"), into: folder.at("stores"))
    #expect(record.tensors.count == 41 && record.checkpoint.notes.isEmpty)
    let factors = [
      TestTensor("base_model.model.q.lora_A.weight", .f32, [8, 512], (0..<4096).map { _ in random.normal() }),
      TestTensor("base_model.model.q.lora_B.weight", .f32, [512, 8], Array(repeating: 0, count: 4096)),
    ]
    try folder.write(factors, to: "adapter/adapter_model.safetensors")
    try folder.write("{}", to: "adapter/adapter_config.json")
    let adapter = try Models.importOne(folder.at("adapter"), into: folder.at("stores"))
    #expect(adapter.checkpoint.notes.isEmpty && adapter.adapter?.updates.count == 1)
    let bias = TestTensor("bias", .f32, [8192], Array(repeating: 0, count: 8192))
    try folder.write([trained[0], bias], to: "n.safetensors")
    #expect(try Models.importOne(folder.at("n.safetensors"), into: folder.at("stores")).tensors.count == 2)
  }
}
