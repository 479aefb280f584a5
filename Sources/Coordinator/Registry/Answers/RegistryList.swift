internal import Fingerprints
internal import Reports
internal import Storage
package import System

/// The models of a registry.
package struct RegistryList: Sendable, Equatable, Encodable {
  package struct Model: Sendable, Equatable, Encodable {
    package var id: String
    package var identity: String
    package var path: String
    package var added: String
    package var format: String
    package var encodings: [String]
    package var parameters: Int
    package var tensors: Int
    package var license: String?
    package var baseModel: String?
    package var sources: [Source]
  }

  package struct Source: Sendable, Equatable, Encodable {
    package var path: String
    package var bytes: Int
    package var sha256: String?
  }

  package var path: String
  package var models: [Model] = []
  /// What cannot be read, and why.
  package var damaged: [String] = []

  package init(_ path: String) throws(Failure) {
    self.path = path
    var problems: [Failure] = []
    var found: [Model] = []
    try RegistryReader(path).eachEntry(damaged: { problems.append($0) }) { entry, source throws(Failure) in
      do throws(Failure) {
        found.append(Model(entry, try source.fingerprint().facts))
      } catch {
        problems.append(error)
      }
    }
    models = found
    damaged = problems.map(\.message)
  }

  package var json: String { JSONText.answer(self) }

  package var csv: String {
    let columns = [
      "id", "identity", "parameters", "tensors", "format", "encodings", "license", "base_model", "added", "path",
    ]
    let rows = models.map { model in
      CSVText.row(
        [
          model.id, model.identity, "\(model.parameters)", "\(model.tensors)", model.format,
          model.encodings.joined(separator: "+"), model.license ?? "", model.baseModel ?? "", model.added, model.path,
        ].map(CSVText.cell))
    }
    return ([CSVText.row(columns)] + rows).joined(separator: "\n") + "\n"
  }

  package var text: String {
    let rows = models.map { model in
      [
        model.id.printable, "\(model.parameters)",
        ([model.format] + model.encodings).filter { !$0.isEmpty }.joined(separator: " ").printable,
        (model.license ?? "-").printable, String(model.identity.prefix(12)), PathText.here(model.path),
      ]
    }
    var lines = TextTable.of([["model", "weights", "form", "license", "identity", "path"]] + rows)
    lines += damaged.map { "not read: \($0)" }
    lines.append(counted(models.count, "model"))
    return lines.joined(separator: "\n") + "\n"
  }
}

extension RegistryList.Model {
  fileprivate init(_ entry: RegistryEntry, _ facts: FingerprintFacts) {
    self.init(
      id: entry.id, identity: entry.identity, path: entry.path, added: entry.added, format: facts.format,
      encodings: facts.encodings, parameters: facts.parameters, tensors: facts.tensors, license: entry.license,
      baseModel: entry.baseModel,
      sources: entry.sources.map {
        RegistryList.Source(path: $0.file.path, bytes: $0.file.bytes, sha256: $0.sha256)
      })
  }
}
