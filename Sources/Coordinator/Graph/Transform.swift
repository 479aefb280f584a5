/// What was undone to bring one model into the form of another; the raw values are the words of `tree.json`.
package enum Transform: String, Sendable, Codable, CaseIterable {
  case renamed, transposed, fused, split
  case ropeLayout = "rope-layout"
  case permuted, rotated, scaled, folded, layers, width, experts, vocabulary
}
