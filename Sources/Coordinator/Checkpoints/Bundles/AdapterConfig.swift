internal import Core
internal import Foundation
internal import System

/// How the two factors of a low-rank adapter make an update of a weight: `adapter_config.json` of PEFT, or what a GGUF
/// file says of itself (llama.cpp, convert_lora_to_gguf.py).
struct AdapterConfig: Decodable {
  private var peft_type: String?
  private var r: Int?
  private var lora_alpha: Double?
  private var use_rslora: Bool?
  private var fan_in_fan_out: Bool?
  private var rank_pattern: [String: Int]?
  private var alpha_pattern: [String: Double]?
  private var base_model_name_or_path: String?

  /// - Parameters:
  ///   - json: the file's text; empty for an adapter without one.
  ///   - metadata: of the adapter's file: `adapter.type` and so on.
  ///   - path: of the adapter, for messages.
  /// - Throws: `Failure` (bad input) for text that is not such a file, or for adapters of another kind.
  init(json: String, metadata: [String: String], path: String) throws(Failure) {
    do {
      self = try JSONDecoder().decode(AdapterConfig.self, from: Data((json.isEmpty ? "{}" : json).utf8))
    } catch {
      throw .badInput(
        "'\(path.printable)' has an adapter_config.json that cannot be read",
        advice: "download it again")
    }
    peft_type = peft_type ?? metadata["adapter.type"]
    // llama.cpp takes 0 for none.
    let alpha = metadata["adapter.lora.alpha"].flatMap(Double.init)
    lora_alpha = lora_alpha ?? alpha.flatMap { $0.isFinite && $0 != 0 ? $0 : nil }
    let base = metadata["general.base_model.0.repo_url"] ?? metadata["general.base_model.0.name"]
    base_model_name_or_path = base_model_name_or_path ?? base.map(Self.repository)
    guard (peft_type ?? "LORA").uppercased() == "LORA" else {
      throw .badInput(
        "'\(path.printable)' is an adapter of the type '\((peft_type ?? "").printable)', and only the factors of LoRA are read",
        advice: "merge it into its base, and give the merged model")
    }
  }

  /// What the uploader says the adapter was trained on: a hint, never trusted.
  var declaredBase: String? { base_model_name_or_path.flatMap { $0.isEmpty ? nil : $0 } }

  /// `ORG/NAME` of its address at the Hugging Face Hub.
  private static func repository(_ address: String) -> String {
    let hub = "https://huggingface.co/"
    return address.hasPrefix(hub) ? String(address.dropFirst(hub.count)) : address
  }

  /// Are the weights that it changes stored as (in, out)?
  var isTransposed: Bool { fan_in_fan_out ?? false }

  /// The factor of B A for a module, as `base_model.model.layers.0.q_proj`.
  ///
  /// - Parameters:
  ///   - rank: of the factors as they are stored, which is the rank that they were trained with.
  ///   - alpha: of this module, where the file says it.
  func scale(of module: String, rank: Int, alpha: Double?) -> Double {
    let rank = max(1, Self.value(of: module, in: rank_pattern) ?? r ?? rank)
    guard let alpha = alpha ?? Self.value(of: module, in: alpha_pattern) ?? lora_alpha else { return 1 }
    return alpha / (use_rslora == true ? Double(rank).squareRoot() : Double(rank))
  }

  /// Patterns are names, their ends from a dot on, or regular expressions for either.
  private static func value<T>(of module: String, in patterns: [String: T]?) -> T? {
    guard let patterns, !patterns.isEmpty else { return nil }
    let wrapper = "base_model.model."
    let module = module.hasPrefix(wrapper) ? String(module.dropFirst(wrapper.count)) : module
    let order = patterns.sorted { ($1.key.utf8.count, $0.key) < ($0.key.utf8.count, $1.key) }
    return order.first { module == $0.key || module.hasSuffix(".\($0.key)") }?.value
      ?? order.prefix(mostPatterns).first { NamePattern($0.key)?.matches(module) ?? false }?.value
  }

  private static let mostPatterns = 256
}
