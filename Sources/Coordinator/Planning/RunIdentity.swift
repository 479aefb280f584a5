public import Core
internal import Import
internal import Storage

/// What makes two runs the same: their inputs and the options that change what shards compute.
///
/// Options that only touch the solving are not part of it. Kept in the run directory as readable
/// parts, so that a mismatch can be named.
public struct RunIdentity: Sendable, Equatable, Codable {
  /// Name of the part -> value, as shown to people.
  public var parts: [String: String]

  public init(plan: Plan, statistics: Statistics) {
    var parts: [String: String] = [
      "run format": "\(Version.runFormat)",
      "statistics": "\(statistics.rawValue)",
      "shards": "\(plan.shards.count) of \(ShardGeometry.target) coordinates",
    ]
    for model in plan.models {
      var print = Fingerprint()
      for source in model.sources {
        print.add("\(source.bytes)\u{0}\(source.modified)\u{0}\(source.header)\u{0}")
      }
      for tensor in model.tensors {
        print.add("\(tensor.name)\u{0}\(tensor.type.rawValue)\(tensor.shape)\u{0}")
      }
      let files = model.sources.count == 1 ? "1 file" : "\(model.sources.count) files"
      let bytes = model.sources.reduce(0) { $0 + $1.bytes }
      parts["model '\(model.id)'"] = "\(files), \(bytes) bytes, fingerprint \(print.text)"
    }
    // The order decides the numbering of everything that is stored.
    parts["order of models"] = Fingerprint(
      of: plan.models.map { "\($0.id)\u{0}" }.joined().utf8
    ).text
    self.parts = parts
  }

  /// 16 hexadecimal digits that stand for all parts.
  public var text: String {
    var print = Fingerprint()
    for (name, value) in parts.sorted(by: { $0.key < $1.key }) {
      print.add("\(name)\u{0}\(value)\u{0}")
    }
    return print.text
  }

  /// One line for each part that differs, both values shown.
  public func differences(from other: RunIdentity) -> [String] {
    Set(parts.keys).union(other.parts.keys).sorted().compactMap { name in
      let (ours, theirs) = (parts[name] ?? "absent", other.parts[name] ?? "absent")
      return ours == theirs ? nil : "\(name.printable): the run has \(theirs), this command gives \(ours)"
    }
  }
}
