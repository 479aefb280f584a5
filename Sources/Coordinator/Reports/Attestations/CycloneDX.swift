internal import System

/// A machine-learning bill of materials: CycloneDX 1.6 (ECMA-424), JSON. Ancestors stand in each component's
/// `pedigree`; the standard has no place for how sure one is of them, so that support is in `pedigree.notes` and in
/// properties of the name `modeltree:...`.
enum CycloneDX {
  static func render(_ attestation: Attestation) -> String {
    JSONText.of(Document(attestation), style: .pretty) + "\n"
  }

  private struct Document: Encodable {
    var bomFormat = "CycloneDX"
    var specVersion = "1.6"
    var serialNumber: String
    var version = 1
    var metadata: Metadata
    var components: [Component]

    init(_ attestation: Attestation) {
      serialNumber = "urn:uuid:\(attestation.uuid)"
      metadata = Metadata(
        timestamp: attestation.created,
        tools: Tools(components: [Component(type: "application", name: "modeltree", version: Version.software)]),
        properties: attestation.finding.isEmpty
          ? nil : [Property(name: "modeltree:finding", value: attestation.finding)])
      components = attestation.models.enumerated().map { Component($1, number: $0 + 1) }
    }
  }

  private struct Metadata: Encodable {
    var timestamp: String
    var tools: Tools
    var properties: [Property]?
  }

  private struct Tools: Encodable {
    var components: [Component]
  }

  private struct Property: Encodable {
    var name: String
    var value: String
  }

  private struct Hash: Encodable {
    var alg = "SHA-256"
    var content: String
  }

  private struct Pedigree: Encodable {
    var ancestors: [Component]
    var notes: String
  }

  private struct Component: Encodable {
    var type: String
    var reference: String?
    var name: String
    var version: String?
    var hashes: [Hash]?
    var components: [Component]?
    var pedigree: Pedigree?
    var properties: [Property]?

    enum CodingKeys: String, CodingKey {
      case type, name, version, hashes, components, pedigree, properties
      case reference = "bom-ref"
    }

    init(type: String, name: String, version: String? = nil) {
      self.type = type
      self.name = name
      self.version = version
    }

    init(_ model: AttestedModel, number: Int) {
      self.init(type: "machine-learning-model", name: model.id)
      reference = "model-\(number)"
      var properties = [Property(name: "modeltree:inferred", value: "\(model.isInferred)")]
      if let parameters = model.parameters {
        properties.append(Property(name: "modeltree:parameters", value: "\(parameters)"))
      }
      if !model.encodings.isEmpty {
        properties.append(Property(name: "modeltree:encodings", value: model.encodings.joined(separator: ",")))
      }
      for ancestor in model.ancestors {
        properties.append(Property(name: "modeltree:relation", value: Attestation.statement(ancestor)))
      }
      self.properties = properties
      components = model.files.isEmpty ? nil : model.files.map(Component.init)
      let whole = model.ancestors.filter { $0.component == nil }
      guard !whole.isEmpty else { return }
      pedigree = Pedigree(
        ancestors: whole.map { Component(type: "machine-learning-model", name: $0.id) },
        notes: whole.map(Attestation.statement).joined(separator: "; "))
    }

    init(_ file: AttestedModel.File) {
      self.init(type: "file", name: file.name)
      hashes = file.sha256.map { [Hash(content: $0)] }
      properties = [Property(name: "modeltree:bytes", value: "\(file.bytes)")]
    }
  }
}
