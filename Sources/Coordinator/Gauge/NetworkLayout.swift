internal import Alignment
internal import Checkpoints
internal import Core
internal import Foundation
internal import Naming
internal import Storage

/// Where in a transformer each of a model's tensors is, and how large its parts are.
struct NetworkLayout {
  /// A tensor of the model by what it does.
  struct Place: Hashable {
    var role: NetworkRole
    /// nil outside of layers.
    var layer: Int?
    var isBias = false
  }

  /// Of each tensor, in the order of the model.
  let places: [Place]
  /// Numbers of the layers, ascending.
  let layers: [Int]
  /// Coordinates of the residual stream.
  let width: Int
  let heads: Int
  /// Heads of keys and values.
  let groups: Int
  let headSize: Int
  /// Units of each layer's MLP.
  let units: [Int]
  /// Coordinates of a head that are turned by position, the first half with the second; 0 for none.
  let rotary: Int
  /// Norms have means taken out, which only an order of coordinates leaves as it is.
  let hasMeans: Bool
  /// Norms come before the maps.
  let isBeforeMaps: Bool
  /// What is added to the gains of norms before they count.
  let gainOffset: Double
  private let numbers: [Place: Int]

  /// Query heads of a group.
  var headsPerGroup: Int { heads / groups }

  /// The number of a tensor; nil where the model has none.
  func number(_ role: NetworkRole, _ layer: Int? = nil, isBias: Bool = false) -> Int? {
    numbers[Place(role: role, layer: layer, isBias: isBias)]
  }

  func has(_ role: NetworkRole) -> Bool { places.contains { $0.role == role } }

  /// - Returns: nil for what is not a transformer whose every tensor is understood.
  init?(_ model: ModelRecord, _ map: AlignmentMap) {
    guard model.adapter == nil, let dialect = map.dialects.first else { return nil }
    let isBeforeMaps = !dialect.contains("bert")
    var places: [Place?] = []
    for tensor in map.tensors {
      guard tensor.rearrangement == nil, tensor.layer?.copy ?? 0 == 0, tensor.layer?.isUnmatched != true else {
        return nil
      }
      places.append(Self.place(tensor, dialect, isBeforeMaps: isBeforeMaps))
    }
    guard let width = Self.width(map, places) else { return nil }
    for (number, tensor) in map.tensors.enumerated() where places[number] == nil {
      guard let place = Self.unnamed(tensor, width: width) else { return nil }
      places[number] = place
    }
    self.places = places.compactMap(\.self)
    numbers = Dictionary(self.places.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    layers = Set(self.places.compactMap { $0.role.isOfLayer ? $0.layer : nil }).sorted()
    self.width = width
    self.isBeforeMaps = isBeforeMaps
    hasMeans =
      self.places.contains { $0.isBias && [.lastNorm, .attentionNorm, .mlpNorm].contains($0.role) } || !isBeforeMaps
    let type = model.checkpoint.metadata["config.model_type"] ?? model.checkpoint.metadata["general.architecture"] ?? ""
    gainOffset = type.hasPrefix("gemma") ? 1 : 0
    let known = numbers
    units = layers.map { layer in
      known[Place(role: .up, layer: layer)].map { map.tensors[$0].shape.rows } ?? 0
    }
    guard let sizes = HeadSizes(model, map, self.places, numbers, layers) else { return nil }
    (heads, groups, headSize) = (sizes.heads, sizes.groups, sizes.size)
    let share =
      model.checkpoint.metadata["config.rotary_pct"].flatMap(Double.init) ?? (dialect.contains("neox") ? 0.25 : 1)
    rotary = Self.hasRotary(dialect) ? max(0, min(headSize, Int((Double(headSize) * share).rounded()))) / 2 * 2 : 0
    guard isComplete(map) else { return nil }
  }

  private static func hasRotary(_ dialect: String) -> Bool {
    !["gpt2", "bert", "vit", "bloom", "clip", "timm", "opt"].contains { dialect.contains($0) }
  }

  private static func place(_ tensor: CanonicalTensor, _ dialect: String, isBeforeMaps: Bool) -> Place? {
    guard let known = CanonicalNaming.role(of: tensor.name, in: dialect) else { return nil }
    let isBias = known.hasSuffix(".bias")
    let word = known.hasSuffix(".weight") ? known.dropLast(7) : isBias ? known.dropLast(5) : known[...]
    return NetworkRole(String(word), isBeforeMaps: isBeforeMaps).map {
      Place(role: $0, layer: tensor.layer?.number, isBias: isBias)
    }
  }

  /// What queries read.
  private static func width(_ map: AlignmentMap, _ places: [Place?]) -> Int? {
    zip(map.tensors, places).first { $1?.role == .query && $1?.isBias == false }.map { $0.0.shape.columns }
  }

  /// What a name that no dialect knows can stand for without doubt.
  private static func unnamed(_ tensor: CanonicalTensor, width: Int) -> Place? {
    let extents = tensor.shape.extents
    switch tensor.networkPart {
    case .constant: return Place(role: .apart)
    case .head where extents.count == 2 && extents[1] == width: return Place(role: .head)
    case .tokens, .table: return extents.last == width && extents.count > 1 ? Place(role: .table) : nil
    default: return extents.contains(width) || extents.count > 1 ? nil : Place(role: .apart)
    }
  }

  /// Could this be what is left of the other, where coordinates, units or heads were left out, and perhaps layers?
  ///
  /// - Parameter orShallower: is it enough that layers were left out?
  func isNarrower(than other: NetworkLayout, orShallower: Bool = false) -> Bool {
    guard layers.count <= other.layers.count, isBeforeMaps == other.isBeforeMaps, hasMeans == other.hasMeans,
      has(.gate) == other.has(.gate), (rotary > 0) == (other.rotary > 0)
    else { return false }
    let sizes = [
      (width, other.width), (groups, other.groups), (headsPerGroup, other.headsPerGroup), (headSize, other.headSize),
    ]
    let most = other.units.max() ?? 0
    let all = sizes + (layers == other.layers ? Array(zip(units, other.units)) : units.map { ($0, most) })
    return all.allSatisfy { $0.0 <= $0.1 }
      && (all.contains { $0.0 < $0.1 } || orShallower && layers.count < other.layers.count)
  }

  /// Has every layer the same parts, in sizes that fit?
  private func isComplete(_ map: AlignmentMap) -> Bool {
    guard !layers.isEmpty, has(.table) || has(.patches), hasOneWidth(map) else { return false }
    let needed: [NetworkRole] = [.query, .key, .value, .output, .up, .down]
    return layers.allSatisfy { layer in
      needed.allSatisfy { number($0, layer) != nil }
        && map.shape(number(.query, layer)) == [heads * headSize, width]
        && map.shape(number(.key, layer)) == [groups * headSize, width]
        && map.shape(number(.value, layer)) == [groups * headSize, width]
        && map.shape(number(.output, layer)) == [width, heads * headSize]
        && map.shape(number(.down, layer)) == map.shape(number(.up, layer))?.reversed()
        && map.shape(number(.up, layer))?.last == width
        && (number(.gate, layer) == nil || map.shape(number(.gate, layer)) == map.shape(number(.up, layer)))
    }
  }
}

extension NetworkLayout {
  /// Do tables, norms and whatever else is in the coordinates of the residual stream have as many numbers as it has?
  /// Factorised embeddings have not.
  fileprivate func hasOneWidth(_ map: AlignmentMap) -> Bool {
    guard width > 0 else { return false }
    return zip(places, map.tensors).allSatisfy { place, tensor in
      let shape = tensor.shape
      let isVector = shape.elements == width && shape.extents.last == width
      switch place.role {
      case .table: return shape.extents.last == width
      case .patches: return place.isBias ? isVector : shape.elements % width == 0
      case .vector, .lastNorm, .attentionNorm, .mlpNorm: return isVector
      case .inner: return place.isBias ? isVector : shape.extents == [width, width]
      case .head: return place.isBias || shape.extents.last == width
      case .output, .down: return !place.isBias || isVector
      case .query, .key, .value, .gate, .up, .headNorm, .apart: return true
      }
    }
  }
}

extension AlignmentMap {
  fileprivate func shape(_ number: Int?) -> [Int]? { number.map { tensors[$0].shape.extents } }
}

/// How many heads a model has, and of which size.
private struct HeadSizes {
  let heads: Int
  let groups: Int
  let size: Int

  init?(
    _ model: ModelRecord, _ map: AlignmentMap, _ places: [NetworkLayout.Place], _ numbers: [NetworkLayout.Place: Int],
    _ layers: [Int]
  ) {
    guard let layer = layers.first, let query = numbers[.init(role: .query, layer: layer)],
      let key = numbers[.init(role: .key, layer: layer)]
    else { return nil }
    let (queries, keys) = (map.tensors[query].shape.rows, map.tensors[key].shape.rows)
    let norm = numbers[.init(role: .headNorm, layer: layer)].map { map.tensors[$0].shape.elements }
    let facts = NetworkFacts(model)
    let told = norm ?? facts.headSize ?? facts.heads.flatMap { queries % $0 == 0 ? queries / $0 : nil }
    guard let size = told ?? Self.timm(map, width: queries), size > 0, queries % size == 0, keys % size == 0,
      keys <= queries, (queries / size) % max(1, keys / size) == 0
    else { return nil }
    (heads, groups, self.size) = (queries / size, keys / size, size)
  }

  /// Size of a head in timm's vision transformers, whose configurations do not tell: 64 up to a width of 1024, and 16
  /// heads in some wider ones (the models of timm/models/vision_transformer.py).
  private static func timm(_ map: AlignmentMap, width: Int) -> Int? {
    guard map.dialects.first == "timm" else { return nil }
    return width <= 1024 ? 64 : [1152, 1280, 1408, 1664].contains(width) ? width / 16 : nil
  }
}
