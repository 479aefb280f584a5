import Core
import Foundation
import Journal
import System
import VirtualCluster

// How a cluster of a thousand workers would fare: the real scheduler, codec and journal under workers in
// virtual time. Prints a table as Markdown.
//
//     cluster-bench [SEED]

let seed = CommandLine.arguments.dropFirst().first.flatMap { UInt64($0) } ?? 1

print(
  """
  | models | shards | workers | last shard | ideal | of ideal | answers | computed twice | received | kept | scheduler | codec | journal | journal grows to |
  |---|---|---|---|---|---|---|---|---|---|---|---|---|---|
  """)
for scenario in [
  // 500 models of 7 billion weights, as 'modeltree plan' cuts them.
  Scenario(models: 500, layers: 32, workers: 10), Scenario(models: 500, layers: 32, workers: 100),
  Scenario(models: 500, layers: 32, workers: 1000),
  // Many models of which each shard is small, and the most shards.
  Scenario(models: 50, layers: 32, workers: 1000, shards: 100_000),
  Scenario(models: 500, layers: 32, workers: 1000, shards: 100_000),
] { print(try scenario.row(seed: seed)) }
