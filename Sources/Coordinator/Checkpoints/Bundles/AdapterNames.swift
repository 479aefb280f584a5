internal import Foundation
internal import System

/// Tells adapters from other files of weights by the names of their tensors.
enum AdapterNames {
  /// What names of factors hold: PEFT and diffusers (`lora_A`), kohya (`lora_down`), diffusers before 0.20
  /// (`.lora.down`, `lora_linear_layer`), llama.cpp (`.lora_a`), LoHa, LoKr, IA3, OFT and VeRA.
  private static let marks = [
    "lora_A", "lora_B", ".lora_a", ".lora_b", "lora_up", "lora_down", ".lora.up", ".lora.down", "lora_linear_layer",
    "lora_embedding_",
    "hada_w1", "hada_w2", "hada_t", "lokr_w1", "lokr_w2", "lokr_t", "ia3_l", "oft_R", "oft_blocks", "vera_lambda",
  ]
  private static let companions = [".alpha", "dora_scale", "lora_magnitude_vector"]

  /// Is it an adapter: factors, and little else? A model that keeps its factors beside its own weights is none.
  static func isAdapter(_ names: some Sequence<String>) -> Bool {
    var (factors, others, bases) = (0, 0, 0)
    for name in names {
      if companions.contains(where: name.contains) { continue }
      if marks.contains(where: name.contains) {
        factors += 1
      } else {
        others += 1
        if name.contains("base_layer") { bases += 1 }
      }
    }
    return factors > 0 && 4 * others <= factors && bases <= 2
  }

  /// Larger files of other formats than safetensors are not opened to see.
  private static let largest = 8 << 30

  /// Is the file an adapter? Files that cannot be read are none; importing them says why.
  static func isAdapter(file path: String) -> Bool {
    guard mayBe(path), let file = try? CheckpointFile(path: path) else { return false }
    return isAdapter(file.entries.lazy.map(\.name))
  }

  /// A first look at the beginning of a safetensors header, where names of factors show: reading the header of every
  /// model twice would take time.
  private static func mayBe(_ path: String) -> Bool {
    guard path.hasSuffix(".safetensors") else {
      guard let status = try? FileManager.default.attributesOfItem(atPath: path), let bytes = status[.size] as? Int
      else {
        return false
      }
      return bytes <= largest
    }
    guard FileStatus(path: path)?.kind == .file, let handle = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? handle.close() }
    guard let beginning = try? handle.read(upToCount: 1 << 20) else { return false }
    return marks.contains { beginning.range(of: Data($0.utf8)) != nil }
  }
}
