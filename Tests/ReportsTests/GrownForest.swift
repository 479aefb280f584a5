import Lineage
import TestSeed

/// A forest that grew at random: every new model below a random earlier one of its family.
func grownForest(models: Int, families: Int, seed: UInt64) -> Forest {
  var random = Seeded(seed)
  var nodes: [Forest.Node] = []
  var links: [Forest.Link] = []
  var members = Array(repeating: [String](), count: families)
  let relations: [Relation] = [.finetune, .finetune, .lora(rank: 8), .quantized]
  for index in 0..<models {
    // The last few stand alone.
    let isLone = index >= models - 5
    let family =
      isLone
      ? families + models - index
      : index < families
        ? index
        : min(
          Int.random(in: 0..<families, using: &random), Int.random(in: 0..<families, using: &random))
    let id = "model-\(index)"
    let parent = isLone ? nil : members[family].randomElement(using: &random)
    if !isLone { members[family].append(id) }
    nodes.append(
      Forest.Node(
        id: id, path: "/models/\(id)", family: family, root: parent == nil,
        score: Double(index % 17), dtype: index % 3 == 0 ? "BF16" : "F32", parameters: 1000 + index,
        duplicateOf: nil))
    guard let parent else { continue }
    links.append(
      Forest.Link(
        source: parent, target: id, distance: Double.random(in: 0.01...2, using: &random),
        support: [1, 1, 0.995, 0.87, 0.4].randomElement(using: &random) ?? 1, directionSupport: 0.9,
        relation: relations[index % relations.count]))
  }
  return Forest(graph: ["distance": "auto", "distance_definition": "of a test"], nodes: nodes, links: links)
}
