internal import Core
internal import Foundation
public import Lineage
public import System

/// Node-link JSON, as `networkx.node_link_graph(data, edges="links")` reads it.
public enum JSONTree {
  private struct File: Codable {
    var directed: Bool
    var multigraph: Bool
    var graph: [String: String]
    var nodes: [Forest.Node]
    var links: [Forest.Link]
  }

  static func render(_ forest: Forest) -> String {
    let file = File(
      directed: true, multigraph: false, graph: forest.graph, nodes: forest.nodes,
      links: forest.links + forest.extraLinks)
    return JSONText.of(file, style: .pretty) + "\n"
  }

  /// Reads a run's `tree.json`.
  public static func read(_ path: String) throws(Failure) -> Forest {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .badInput(
        "there is no '\(path.printable)'",
        advice: "name the run directory of a finished run; 'modeltree resume' finishes one")
    }
    do {
      let file = try JSONDecoder().decode(File.self, from: data)
      return Forest(
        graph: file.graph, nodes: file.nodes, links: file.links.filter { !$0.isExtra },
        extraLinks: file.links.filter(\.isExtra))
    } catch {
      throw .badInput(
        "'\(path.printable)' is no tree of modeltree", advice: "run the same recovery again")
    }
  }
}
