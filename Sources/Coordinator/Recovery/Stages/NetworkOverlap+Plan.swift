import Alignment
import Checkpoints
import Core
import Lineage
import Naming
import Planning
import Storage

extension NetworkOverlap {
  /// Of the models of a plan. Nothing is said of adapters, of models with weights that cannot be read, and of models whose
  /// experts are those of models without experts: what they consist of, their tensors do not show.
  init(_ plan: Plan) {
    var tensors: [[Tensor]?] = []
    for (number, map) in plan.alignment.enumerated() {
      let model = plan.models[number]
      guard model.adapter == nil, model.unreadScheme == nil, map.denseOrigins.isEmpty else {
        tensors.append(nil)
        continue
      }
      let isRepeated =
        number > 0 && tensors[number - 1] != nil && map.tensors == plan.alignment[number - 1].tensors
        && model.hasSameTensors(as: plan.models[number - 1])
      tensors.append(isRepeated ? tensors[number - 1] : zip(map.tensors, model.tensors).compactMap(Self.tensor))
    }
    self.init(tensors)
  }

  private static func tensor(_ tensor: CanonicalTensor, _ stored: StoredTensor) -> Tensor? {
    // Heads come and go with the task, and a buffer is no part of what was trained, however long it is.
    guard tensor.networkPart != .constant, tensor.role == .linear || tensor.role == .embedding else { return nil }
    // Of tables, some rows are compared.
    let extents = tensor.role == .linear ? tensor.shape.extents : Array(tensor.shape.extents.dropFirst())
    // Repeated layers have numbers of their own.
    let kind = tensor.layer == nil ? tensor.name : "\(tensor.stack)0\(tensor.part)"
    return Tensor(
      place: "\(tensor.name) \(extents)", kind: CanonicalTensor.template(of: kind), weights: tensor.shape.elements,
      name: stored.name)
  }
}
