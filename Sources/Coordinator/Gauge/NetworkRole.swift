internal import Naming

/// What a tensor of a transformer does, as far as it matters for changes of coordinates that leave the function as it is.
enum NetworkRole: Hashable {
  /// Rows in the coordinates of the residual stream, (..., width): tokens, positions, types, a class token.
  case table
  /// Columns in the coordinates of the residual stream: output heads. They read what the last norm puts out.
  case head
  /// (width, channels, height, width of a patch): what cuts pictures into patches.
  case patches
  /// Both rows and columns in these coordinates: the map before an output head that is the table of tokens.
  case inner
  /// A vector in these coordinates.
  case vector
  case lastNorm
  case attentionNorm, query, key, value, output
  case mlpNorm, gate, up, down
  /// One number for each coordinate of a head, the same in all heads.
  case headNorm
  /// Not in these coordinates.
  case apart

  /// - Parameters:
  ///   - role: in the words of the dialects' files, without the ending; nil where the dialect does not know the name.
  ///   - isBeforeMaps: do norms come before the maps of a layer?
  init?(_ role: String, isBeforeMaps: Bool) {
    switch role {
    case "tokens", "positions", "types", "class", "distillation": self = .table
    case "head", "pooler": self = .head
    case "patches": self = .patches
    case "head.transform": self = .inner
    case "embeddings.norm", "head.norm", "layer.attention.norm.after", "layer.mlp.norm.after": self = .vector
    case "norm": self = isBeforeMaps ? .lastNorm : .vector
    case "layer.attention.norm": self = isBeforeMaps ? .attentionNorm : .vector
    case "layer.mlp.norm", "layer.mlp.norm.before": self = isBeforeMaps ? .mlpNorm : .vector
    case "layer.attention.query": self = .query
    case "layer.attention.key": self = .key
    case "layer.attention.value": self = .value
    case "layer.attention.output": self = .output
    case "layer.attention.query.norm", "layer.attention.key.norm": self = .headNorm
    case "layer.mlp.gate": self = .gate
    case "layer.mlp.up": self = .up
    case "layer.mlp.down": self = .down
    default: return nil
    }
  }

  /// Does a layer have one of these?
  var isOfLayer: Bool {
    switch self {
    case .attentionNorm, .query, .key, .value, .output, .mlpNorm, .gate, .up, .down, .headNorm: true
    default: false
    }
  }
}
