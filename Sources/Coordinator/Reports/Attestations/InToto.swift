internal import Graph
internal import System

/// An in-toto Statement v1 (https://in-toto.io/Statement/v1), unsigned: its subjects are the files of the models by
/// SHA-256, its predicate is the finding. Signing tools wrap it as it is.
enum InToto {
  /// Names the predicate; docs/file-formats.md describes it.
  static let predicateType = "urn:modeltree:lineage:v1"

  static func render(_ attestation: Attestation) -> String {
    JSONText.of(Statement(attestation), style: .pretty) + "\n"
  }

  private struct Statement: Encodable {
    var type = "https://in-toto.io/Statement/v1"
    var subject: [Subject]
    var predicateType = InToto.predicateType
    var predicate: Predicate

    enum CodingKeys: String, CodingKey {
      case subject, predicateType, predicate
      case type = "_type"
    }

    init(_ attestation: Attestation) {
      // Subjects are told apart by their names.
      subject = attestation.models.flatMap { model in
        model.files.compactMap { file in
          file.sha256.map { Subject(name: "\(model.id)/\(file.name)", digest: ["sha256": $0]) }
        }
      }
      predicate = Predicate(attestation)
    }
  }

  private struct Subject: Encodable {
    var name: String
    var digest: [String: String]
  }

  private struct Predicate: Encodable {
    var tool: String
    var created: String
    var finding: String?
    var models: [Model]

    init(_ attestation: Attestation) {
      tool = "modeltree \(Version.software)"
      created = attestation.created
      finding = attestation.finding.isEmpty ? nil : attestation.finding
      models = attestation.models.map(Model.init)
    }
  }

  private struct Model: Encodable {
    var id: String
    var inferred: Bool
    var ancestors: [Ancestor]

    init(_ model: AttestedModel) {
      id = model.id
      inferred = model.isInferred
      ancestors = model.ancestors.map(Ancestor.init)
    }
  }

  private struct Ancestor: Encodable {
    var id: String
    var relation: String
    var support: Double
    var directionSupport: Double
    var undecided: Bool
    var grade: Grade
    var share: Double?
    var component: String?

    init(_ ancestor: AttestedModel.Ancestor) {
      id = ancestor.id
      relation = ancestor.relation
      support = ancestor.support
      directionSupport = ancestor.directionSupport
      undecided = ancestor.grade == .undecided
      grade = ancestor.grade
      share = ancestor.share
      component = ancestor.component
    }
  }
}
