internal import System

/// SPDX 3.0.1 as JSON-LD (https://spdx.github.io/spdx-spec/v3.0.1/). Models are `ai_AIPackage`, ancestry is the
/// relationship `descendantOf`, a component that was taken over is `contains` of a model of its own kind.
///
/// The document claims the core and software profiles: the AI profile requires a supplier and a date of release, which
/// weights do not tell.
enum SPDX {
  static func render(_ attestation: Attestation) -> String {
    JSONText.of(Document(attestation), style: .pretty) + "\n"
  }

  private struct Document: Encodable {
    var context = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    var graph: [Element]

    enum CodingKeys: String, CodingKey {
      case context = "@context"
      case graph = "@graph"
    }

    init(_ attestation: Attestation) {
      let base = "urn:uuid:\(attestation.uuid)#"
      let tool = base + "modeltree"
      var creation = Element("CreationInfo")
      creation.blankID = Element.creation
      creation.specVersion = "3.0.1"
      creation.created = attestation.created
      creation.createdBy = [tool]
      creation.creationInfo = nil
      var agent = Element("SoftwareAgent", id: tool, name: "modeltree \(Version.software)")
      agent.comment = "Found from the weights alone; each relationship says how well it is supported."
      var packages: [Element] = []
      var relationships: [Element] = []
      var ids: [String: String] = [:]
      for (number, model) in attestation.models.enumerated() { ids[model.id] = "\(base)model-\(number + 1)" }
      for model in attestation.models {
        guard let id = ids[model.id] else { continue }
        packages.append(Self.package(model, id))
        for (place, file) in model.files.enumerated() {
          var element = Element("software_File", id: "\(id)-file-\(place + 1)", name: file.name)
          element.verifiedUsing = file.sha256.map { [Hash(hashValue: $0)] }
          packages.append(element)
        }
        if !model.files.isEmpty {
          relationships.append(
            Element.relationship(
              "\(id)-files", from: id, "contains", to: model.files.indices.map { "\(id)-file-\($0 + 1)" }))
        }
        for (place, ancestor) in model.ancestors.enumerated() {
          guard let other = ids[ancestor.id] else { continue }
          var found = Element.relationship(
            "\(id)-ancestor-\(place + 1)", from: id, ancestor.component == nil ? "descendantOf" : "other", to: [other])
          found.comment = Attestation.statement(ancestor)
          relationships.append(found)
        }
      }
      var document = Element("SpdxDocument", id: base + "document", name: "modeltree finding")
      document.comment = attestation.finding.isEmpty ? nil : attestation.finding
      document.profileConformance = ["core", "software"]
      document.rootElement = attestation.models.compactMap { ids[$0.id] }
      graph = [creation, agent, document] + packages + relationships
    }

    private static func package(_ model: AttestedModel, _ id: String) -> Element {
      var element = Element("ai_AIPackage", id: id, name: model.id)
      element.purpose = "model"
      if model.isInferred {
        element.comment = "Not among the models that were seen: an ancestor that the others imply."
      }
      return element
    }
  }

  private struct Hash: Encodable {
    var type = "Hash"
    var algorithm = "sha256"
    var hashValue: String
  }

  /// Any element; what does not belong to its type is nil.
  private struct Element: Encodable {
    static let creation = "_:creation"

    var type: String
    var blankID: String?
    var spdxId: String?
    var creationInfo: String? = creation
    var name: String?
    var comment: String?
    var specVersion: String?
    var created: String?
    var createdBy: [String]?
    var profileConformance: [String]?
    var rootElement: [String]?
    var purpose: String?
    var verifiedUsing: [Hash]?
    var from: String?
    var to: [String]?
    var relationshipType: String?

    enum CodingKeys: String, CodingKey {
      case type, spdxId, creationInfo, name, comment, specVersion, created, createdBy, profileConformance, rootElement
      case verifiedUsing, from, to, relationshipType
      case blankID = "@id"
      case purpose = "software_primaryPurpose"
    }

    init(_ type: String, id: String? = nil, name: String? = nil) {
      self.type = type
      spdxId = id
      self.name = name
    }

    static func relationship(_ id: String, from: String, _ kind: String, to: [String]) -> Element {
      var element = Element("Relationship", id: id)
      element.from = from
      element.relationshipType = kind
      element.to = to
      return element
    }
  }
}
