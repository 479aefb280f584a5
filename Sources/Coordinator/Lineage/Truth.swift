internal import Core
internal import Foundation
public import System

/// A known family tree, as `truth.json` holds it.
public struct Truth: Sendable, Equatable {
  public struct Model: Sendable, Equatable, Decodable {
    public var id: String
    /// Several for a merge; any of them counts as found. Empty for a root.
    public var parents: [String]

    enum CodingKeys: CodingKey { case id, parent, parents }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      id = try container.decode(String.self, forKey: .id)
      let parent = try container.decodeIfPresent(String.self, forKey: .parent)
      let several = try container.decodeIfPresent([String].self, forKey: .parents)
      parents = several ?? (parent.map { [$0] } ?? [])
      if let parent, !parents.contains(parent) { parents.insert(parent, at: 0) }
    }

    public init(id: String, parents: [String]) {
      self.id = id
      self.parents = parents
    }
  }

  public let models: [Model]

  public init(models: [Model]) { self.models = models }

  private struct File: Decodable {
    var models: [Model]
  }

  /// - Throws: `Failure` (bad input): missing or unreadable file, an id twice, an unknown parent.
  public init(path: String) throws(Failure) {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw .badInput(
        "cannot read the truth file '\(path.printable)': \((error as NSError).localizedDescription)",
        advice: "see that the path is right")
    }
    do {
      models = try JSONDecoder().decode(File.self, from: data).models
    } catch {
      throw .badInput(
        "'\(path.printable)' is no truth file",
        advice: "expected {\"models\": [{\"id\": ..., \"parent\": null or an id}, ...]}")
    }
    var ids: Set<String> = []
    for model in models where !ids.insert(model.id).inserted {
      throw .badInput(
        "'\(path.printable)' lists the model '\(model.id.printable)' twice",
        advice: "keep one of the two entries")
    }
    for model in models {
      for parent in model.parents where !ids.contains(parent) {
        throw .badInput(
          "'\(path.printable)': the parent '\(parent.printable)' of '\(model.id.printable)' is not among its models",
          advice: "add the parent, or make it null")
      }
    }
    if let model = Self.ownAncestor(in: models) {
      throw .badInput(
        "'\(path.printable)': the model '\(model.printable)' is its own ancestor",
        advice: "mend the parents that lead back to it")
    }
  }

  /// A model that is reached again by going from parent to parent; nil when there is none.
  private static func ownAncestor(in models: [Model]) -> String? {
    // Takes away models whose parents are all gone, roots first; a cycle never goes.
    var children: [String: [String]] = [:]
    var waitsFor: [String: Int] = [:]
    for model in models {
      let parents = Set(model.parents)
      waitsFor[model.id] = parents.count
      for parent in parents { children[parent, default: []].append(model.id) }
    }
    var free = models.map(\.id).filter { waitsFor[$0] == 0 }
    while let id = free.popLast() {
      waitsFor[id] = nil
      for child in children[id] ?? [] {
        waitsFor[child, default: 0] -= 1
        if waitsFor[child] == 0 { free.append(child) }
      }
    }
    guard var id = models.first(where: { waitsFor[$0.id] != nil })?.id else { return nil }
    // What remains may hang below the cycle: go up until a model comes again.
    let parents = Dictionary(models.map { ($0.id, $0.parents) }) { first, _ in first }
    var seen: Set<String> = []
    while seen.insert(id).inserted {
      guard let next = parents[id]?.first(where: { waitsFor[$0] != nil }) else { return id }
      id = next
    }
    return id
  }
}
