internal import Core
public import Storage
internal import System

/// A low-rank adapter that is not merged into its base: W = W_base + scale B A for some weights.
public struct Adapter: Sendable, Hashable {
  /// The change of one weight matrix.
  public struct Update: Sendable, Hashable {
    /// As the base names the weight, wrappers in front included.
    public var weight: String
    /// A, rank x columns.
    public var down: StoredTensor
    /// B, rows x rank.
    public var up: StoredTensor
    public var scale: Double
    /// The weight is stored as (columns, rows).
    public var isTransposed: Bool

    public var rank: Int { down.shape.rows }
    /// Of the weight as it is stored.
    public var rows: Int { isTransposed ? down.shape.columns : up.shape.rows }
    public var columns: Int { isTransposed ? up.shape.rows : down.shape.columns }
    public var bytes: Int { down.bytes + up.bytes }
  }

  public var updates: [Update]
  /// The base that the uploader names: a hint, never trusted.
  public var declaredBase: String?

  public var rank: Int { updates.map(\.rank).max() ?? 0 }

  /// Takes the factors out of an adapter's tensors; what is left are weights that it replaces whole.
  ///
  /// - Parameters:
  ///   - tensors: of the adapter; the factors are removed.
  ///   - configuration: the text of adapter_config.json.
  ///   - path: of the adapter, for messages.
  /// - Throws: `Failure` (bad input) when a factor lacks its other half or they do not fit.
  init(takingFrom tensors: inout [StoredTensor], configuration: String, path: String) throws(Failure) {
    let config = try AdapterConfig(json: configuration, path: path)
    var halves: [String: (down: StoredTensor?, up: StoredTensor?)] = [:]
    var order: [String] = []
    var rest: [StoredTensor] = []
    for tensor in tensors {
      guard let (module, isDown) = Self.factor(tensor.name) else {
        rest.append(tensor)
        continue
      }
      if halves[module] == nil { order.append(module) }
      if isDown {
        halves[module, default: (nil, nil)].down = tensor
      } else {
        halves[module, default: (nil, nil)].up = tensor
      }
    }
    updates = []
    for module in order {
      guard let down = halves[module]?.down, let up = halves[module]?.up,
        down.shape.rank >= 2, up.shape.rank >= 2, up.shape.columns == down.shape.rows
      else {
        throw .badInput(
          "'\(path.printable)': the factors lora_A and lora_B of '\(module.printable)' are not both there, or do not fit",
          advice: "download the adapter again")
      }
      updates.append(
        Update(
          weight: "\(module).weight", down: down, up: up,
          scale: config.scale(of: module, rank: down.shape.rows), isTransposed: config.isTransposed))
    }
    guard !updates.isEmpty else {
      throw .badInput(
        "'\(path.printable)' is an adapter without lora_A and lora_B",
        advice: "merge it into its base, and give the merged model")
    }
    declaredBase = config.declaredBase
    tensors = rest
  }

  /// The module that a factor belongs to: `x.lora_A.weight` and `x.lora_A.default.weight` are x's.
  private static func factor(_ name: String) -> (module: String, isDown: Bool)? {
    guard name.hasSuffix(".weight") else { return nil }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard let place = parts.lastIndex(where: { $0 == "lora_A" || $0 == "lora_B" }), place > 0,
      parts.count - place <= 3
    else { return nil }
    return (parts[..<place].joined(separator: "."), parts[place] == "lora_A")
  }
}
