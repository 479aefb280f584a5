package import Core

/// The sections of a plan that one cover is compared in: a section for each block.
package struct CoverSections: Sendable, Equatable {
  /// Numbers of the sections, in the order of the blocks.
  package let sections: Range<Int>
  /// With the numbers that the models have in the plan.
  package let cover: PairCover

  /// - Parameter covers: the first one's first block is section 0.
  static func numbered(_ covers: [PairCover]) -> [CoverSections] {
    var next = 0
    return covers.map { cover in
      defer { next += cover.blocks.count }
      return CoverSections(sections: next..<next + cover.blocks.count, cover: cover)
    }
  }
}

extension [CoverSections] {
  /// The models of a section that are no guests there; nil where no cover has it: then all are.
  package func own(_ section: Int) -> [Int]? {
    first { $0.sections.contains(section) }.map { $0.cover.blocks[section - $0.sections.lowerBound].own }
  }
}
