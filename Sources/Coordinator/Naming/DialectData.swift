internal import Foundation

/// A data file in `Dialects/` as it is written.
struct DialectData: Decodable {
  struct Rearranged: Decodable {
    var roles: [String]
    var name: String
    var `do`: [Rearrangement.Step]
  }

  /// Names that follow from counters, such as the blocks of a U-Net that one dialect numbers through and another
  /// by level. `{3*i+j+1}` stands for a sum of products.
  struct Counted: Decodable {
    /// The values of each counter.
    var `for`: [String: [Int]]
    /// What names begin with, in this dialect and in the reference dialect.
    var own: String
    var canonical: String
    /// How they end: here -> there.
    var endings: [String: String]
    /// For all of them.
    var `do`: [Rearrangement.Step]?
  }

  /// What tells a dialect from one with the same names.
  struct Probe: Decodable {
    var name: String
    /// Has it more rows than columns?
    var isTall: Bool
  }

  var dialect: String
  /// The dialect whose names are canonical; absent for such a dialect itself.
  var reference: String?
  /// Names of the reference dialect are names of this one too, where it has none of its own for a role.
  var extends: Bool?
  /// What the names of a layer's tensors start with.
  var layers: String
  var probe: Probe?
  /// Role -> name, for tensors that are stored as in the reference dialect.
  var renamed: [String: String]
  var rearranged: [Rearranged]?
  var counted: [Counted]?

  /// Reference dialects first; of two that explain a model equally well, the first counts.
  static let all: [DialectData] = [
    decode(PackageResources.llama_json, "llama"),
    decode(PackageResources.gpt2_json, "gpt2"),
    decode(PackageResources.neox_json, "neox"),
    decode(PackageResources.bert_json, "bert"),
    decode(PackageResources.vit_json, "vit"),
    decode(PackageResources.bloom_json, "bloom"),
    decode(PackageResources.opt_json, "opt"),
    decode(PackageResources.clip_text_json, "clip_text"),
    decode(PackageResources.clip_vision_json, "clip_vision"),
    decode(PackageResources.flux_json, "flux"),
    decode(PackageResources.unet_json, "unet"),
    decode(PackageResources.vae_json, "vae"),
    decode(PackageResources.meta_json, "meta"),
    decode(PackageResources.baichuan_json, "baichuan"),
    decode(PackageResources.bert_gamma_json, "bert_gamma"),
    decode(PackageResources.chatglm_json, "chatglm"),
    decode(PackageResources.deepseek_json, "deepseek"),
    decode(PackageResources.flux_single_json, "flux_single"),
    decode(PackageResources.gguf_llama_json, "gguf_llama"),
    decode(PackageResources.gguf_bert_json, "gguf_bert"),
    decode(PackageResources.gguf_bloom_json, "gguf_bloom"),
    decode(PackageResources.gguf_gpt2_json, "gguf_gpt2"),
    decode(PackageResources.gguf_neox_json, "gguf_neox"),
    decode(PackageResources.gguf_phi3_json, "gguf_phi3"),
    decode(PackageResources.stacked_experts_json, "stacked_experts"),
    decode(PackageResources.gpt_oss_json, "gpt_oss"),
    decode(PackageResources.internlm2_json, "internlm2"),
    decode(PackageResources.ldm_unet_json, "ldm_unet"),
    decode(PackageResources.ldm_vae_json, "ldm_vae"),
    decode(PackageResources.llama4_json, "llama4"),
    decode(PackageResources.mixtral_json, "mixtral"),
    decode(PackageResources.nanogpt_json, "nanogpt"),
    decode(PackageResources.open_clip_text_json, "open_clip_text"),
    decode(PackageResources.open_clip_vision_json, "open_clip_vision"),
    decode(PackageResources.phi3_json, "phi3"),
    decode(PackageResources.qwen1_json, "qwen1"),
    decode(PackageResources.timm_json, "timm"),
  ]

  /// The files are compiled in, and tests read each of them.
  static func decode<T: Decodable>(_ bytes: [UInt8], _ name: String) -> T {
    do {
      return try JSONDecoder().decode(T.self, from: Data(bytes))
    } catch {
      preconditionFailure("the built-in dialect '\(name)' cannot be read: \(error)")
    }
  }
}

extension DialectData.Counted {
  /// The pairs of names for every value of the counters.
  var names: [(own: String, canonical: String)] {
    var choices: [[String: Int]] = [[:]]
    for (name, values) in self.for.sorted(by: { $0.key < $1.key }) {
      choices = choices.flatMap { choice in values.map { choice.merging([name: $0]) { $1 } } }
    }
    return choices.flatMap { counters in
      endings.sorted { $0.key < $1.key }.map { (own: String, canonical: String) -> (own: String, canonical: String) in
        (Self.filled(self.own + own, counters), Self.filled(self.canonical + canonical, counters))
      }
    }
  }

  private static func filled(_ text: String, _ counters: [String: Int]) -> String {
    var result = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      result += rest[..<open] + "\(value(rest[rest.index(after: open)..<close], counters))"
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }

  /// Of `3*i+j+1` or `3-i`.
  private static func value(_ sum: Substring, _ counters: [String: Int]) -> Int {
    var total = 0
    for term in sum.replacing("-", with: "+-").split(separator: "+") {
      var product = term.hasPrefix("-") ? -1 : 1
      for factor in term.drop(while: { $0 == "-" }).split(separator: "*") {
        guard let number = Int(factor) ?? counters[String(factor)] else {
          preconditionFailure("'\(factor)' is not a number and not a counter")
        }
        product *= number
      }
      total += product
    }
    return total
  }
}
