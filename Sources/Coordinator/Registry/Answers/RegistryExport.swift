internal import Core
internal import Fingerprints
internal import Storage
package import System

/// The fingerprints of a registry as an HDF5 file: models, tensors and their samples, each one table.
package enum RegistryExport {
  /// What is gathered of all models before it is written.
  private struct Table {
    var ids: [String] = []
    var identities: [String] = []
    var licenses: [String] = []
    var parameters: [Int64] = []
    var tensorModels: [Int64] = []
    var names: [String] = []
    var shapes: [String] = []
    var contents: [String] = []
    /// Count, mean, variance, kurtosis and noise of the encoding.
    var numbers: [Double] = []
    /// Rows and columns of the sample, and where it begins.
    var samples: [Int64] = []
    var values: [Double] = []
  }

  private static let columns = 5

  /// - Returns: models that were written.
  /// - Throws: `Failure`: no registry, damage, or a file that cannot be written.
  package static func hdf5(_ path: String, to file: String) throws(Failure) -> Int {
    var table = Table()
    var problem: Failure?
    try RegistryReader(path).eachEntry(damaged: { problem = problem ?? $0 }) { entry, source throws(Failure) in
      add(entry, try source.fingerprint(), to: &table)
    }
    if let problem { throw problem }
    let temporary = AtomicFile.temporaryName(for: file)
    let out = try HDF5File(creating: temporary)
    try out.setAttribute("modeltree", of: "/", to: Version.software)
    try out.makeGroup("/models")
    try out.write(table.ids, to: "/models/id")
    try out.write(table.identities, to: "/models/identity")
    try out.write(table.licenses, to: "/models/license")
    try out.write(table.parameters, shape: [table.parameters.count], to: "/models/parameters")
    try out.makeGroup("/tensors")
    try out.write(table.tensorModels, shape: [table.tensorModels.count], to: "/tensors/model")
    try out.write(table.names, to: "/tensors/name")
    try out.write(table.shapes, to: "/tensors/shape")
    try out.write(table.contents, to: "/tensors/content")
    try out.write(table.numbers, shape: [table.names.count, columns], to: "/tensors/numbers")
    try out.setAttribute(
      "columns", of: "/tensors/numbers", to: "count, mean, variance, kurtosis, noise of the encoding")
    try out.write(table.samples, shape: [table.names.count, 3], to: "/tensors/sample")
    try out.setAttribute("columns", of: "/tensors/sample", to: "rows, columns, first value in /samples")
    try out.write(table.values, shape: [table.values.count], to: "/samples")
    try out.close()
    try AtomicFile.commit(temporary, as: file)
    return table.ids.count
  }

  private static func add(_ entry: RegistryEntry, _ fingerprint: ModelFingerprint, to table: inout Table) {
    let model = Int64(table.ids.count)
    table.ids.append(entry.id)
    table.identities.append(entry.identity)
    table.licenses.append(entry.license ?? "")
    table.parameters.append(Int64(fingerprint.facts.parameters))
    for tensor in fingerprint.tensors {
      table.tensorModels.append(model)
      table.names.append(tensor.name)
      table.shapes.append("\(tensor.shape)")
      table.contents.append(tensor.content.text)
      let moments = tensor.moments
      table.numbers += [moments.count, moments.mean, moments.variance, moments.kurtosis, tensor.noise]
      table.samples += [tensor.sample.shape.rows, tensor.sample.shape.columns, table.values.count].map { Int64($0) }
      table.values += tensor.sample.values.map { Double($0) }
    }
  }
}
