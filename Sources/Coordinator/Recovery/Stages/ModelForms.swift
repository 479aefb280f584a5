import Alignment
import Checkpoints
import Core
import Encodings
import Graph
import Naming
import Planning
import Storage
import System

/// In which form each model of a plan is stored: what there is beside the numbers themselves.
struct ModelForms: Sendable {
  private struct Form: Sendable {
    var format: String
    /// Compared tensors that are no repetition of another one, ascending.
    var tensors: [Int]
    /// Weights of each of them: of token tables perhaps more than are compared.
    var sizes: [Int] = []
    /// Has it weights that are not compared, or cannot be read?
    var hasOthers: Bool
    /// What makes its tensors from the stored ones.
    var transforms: Set<Transform>
    /// Names of the compared tensors in its files.
    var names: [Int: String]
    /// Does it hold what a narrower model has kept of a wider one?
    var isView: Bool
    /// What was undone to bring it into the coordinates of another model.
    var restoration: Restoration?
    /// By compared tensor.
    var noise: [Int: Double]
  }

  private let forms: [Form]

  init(_ plan: Plan) {
    var forms = plan.models.map { model in
      Form(
        format: model.checkpoint.format, tensors: [], hasOthers: model.unreadScheme != nil, transforms: [], names: [:],
        isView: model.viewed != nil, restoration: model.restored?.restoration, noise: [:])
    }
    let stored = plan.models.map { model in
      Dictionary(model.tensors.enumerated().map { (ByteString($1.name), ($0, $1)) }) { first, _ in first }
    }
    var left = plan.models.map { Set($0.tensors.map { ByteString($0.name) }) }
    let repeated = plan.models.map(Self.repeatedHeads)
    for (number, tensor) in plan.tensors.enumerated() {
      for copy in tensor.copies {
        let name = ByteString(copy.name)
        left[copy.model].remove(name)
        forms[copy.model].names[number] = copy.name
        if !repeated[copy.model].contains(name) {
          forms[copy.model].tensors.append(number)
          forms[copy.model].sizes.append(stored[copy.model][name]?.1.shape.elements ?? 0)
        }
        guard let (place, own) = stored[copy.model][name] else { continue }
        forms[copy.model].noise[number] = plan.models[copy.model].restoredNoise ?? own.noise
        if let origin = plan.alignment[copy.model].origins[place] {
          forms[copy.model].transforms.formUnion(origin.steps.compactMap(\.transform))
          forms[copy.model].names[number] = origin.name
        } else {
          forms[copy.model].transforms.formUnion(own.recipe.transforms)
        }
      }
    }
    for model in plan.models.indices where !left[model].subtracting(repeated[model]).isEmpty {
      forms[model].hasOthers = true
    }
    self.forms = forms
  }

  /// Do two models consist of the same tensors, whatever they are called and however they are stored? Heads that repeat
  /// the table of tokens do not count.
  func haveSameTensors(_ i: Int, _ j: Int) -> Bool {
    !forms[i].hasOthers && !forms[j].hasOthers && forms[i].tensors == forms[j].tensors
      && forms[i].sizes == forms[j].sizes
  }

  /// Models with weights that are not compared with any other's.
  var partial: Set<Int> { Set(forms.indices.filter { forms[$0].hasOthers }) }

  func noise(tensor: Int, model: Int) -> Double { forms[model].noise[tensor] ?? 0 }

  /// Are the formats and the layouts of two models the same, and what has to be undone to compare them?
  func difference(_ i: Int, _ j: Int) -> (isSame: Bool, transforms: [Transform]) {
    let layout = forms[i].transforms.symmetricDifference(forms[j].transforms)
    var all = layout
    let areRenamed = forms[i].names.contains { number, name in
      forms[j].names[number].map { !$0.utf8.elementsEqual(name.utf8) } ?? false
    }
    if areRenamed { all.insert(.renamed) }
    if forms[i].isView != forms[j].isView { all.insert(.width) }
    let (own, other) = (forms[i].restoration, forms[j].restoration)
    // Those that were in the same coordinates before have nothing undone between them.
    let isMoved = own?.group != other?.group
    if isMoved {
      all.formUnion([own, other].flatMap { $0?.transforms ?? [] }.compactMap(Transform.init(rawValue:)))
    }
    return (
      forms[i].format == forms[j].format && layout.isEmpty && !isMoved, Transform.allCases.filter(all.contains)
    )
  }

  /// Heads that hold the numbers of the table of tokens, which is how a tied head is written out.
  private static func repeatedHeads(_ model: ModelRecord) -> Set<ByteString> {
    let tables = model.tensors.filter { $0.shape.rank == 2 && NetworkPart(ofName: $0.name) == .tokens }
    let heads = model.tensors.filter { head in
      head.shape.rank == 2 && NetworkPart(ofName: head.name) == .head
        && tables.contains { $0.shape == head.shape && areEqual($0, head) }
    }
    return Set(heads.map { ByteString($0.name) })
  }

  /// Of numbers from all over two tensors.
  private static func areEqual(_ a: StoredTensor, _ b: StoredTensor) -> Bool {
    let count = min(64, a.shape.elements)
    return (0..<4).allSatisfy { part in
      let start = (a.shape.elements - count) / 3 * part
      guard let first = try? a.values(from: start, count: count), let second = try? b.values(from: start, count: count)
      else { return false }
      return first == second
    }
  }
}

extension ModelRecord {
  /// Of a model that was brought into other coordinates: the noise of what its files hold.
  fileprivate var restoredNoise: Double? { restored.map { $0.original.map(\.noise).max() ?? 0 } }
}

extension StoredTensor {
  /// Mean squared error of its encoding, over the mean square of the weights.
  fileprivate var noise: Double { encodings.map(\.noise).max() ?? 0 }
}

extension Rearrangement.Step {
  /// What undoes it, of the vocabulary of `tree.json`; nil for what leaves all numbers where they are.
  fileprivate var transform: Transform? {
    switch self {
    case .transpose: .transposed
    case .squeeze: nil
    case .splitRows, .splitGroups, .splitAlternating: .fused
    case .pairsToHalves: .ropeLayout
    case .splitExperts: .experts
    case .swapHalves: .permuted
    }
  }
}

extension Recipe {
  /// What it undoes, of the vocabulary of `tree.json`. How packed codes are unpacked does not count.
  fileprivate var transforms: Set<Transform> {
    switch self {
    case .stored: []
    case .turned(_, let whole): whole.transforms
    // Parts that lie on top of each other are one packed matrix.
    case .reshaped(_, let whole): if case .concatenated = whole { [] } else { whole.transforms }
    case .transposed(let whole):
      if case .stored(let array) = whole, !array.companions.isEmpty {
        []
      } else {
        whole.transforms.union([.transposed])
      }
    case .rows(_, let whole): whole.transforms.union([.fused])
    case .columns(_, let whole): whole.transforms
    case .concatenated(let parts): parts.reduce(into: [.split]) { $0.formUnion($1.transforms) }
    case .reordered(_, let whole): whole.transforms.union([.ropeLayout])
    }
  }
}
