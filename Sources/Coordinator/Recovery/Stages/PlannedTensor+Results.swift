import Planning
import Reports

extension ResultsFile.Tensor {
  init(_ planned: PlannedTensor) {
    self.init(
      name: planned.name, shape: planned.shape, role: planned.role, statistics: planned.statistics)
  }
}
