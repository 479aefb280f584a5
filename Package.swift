// swift-tools-version: 6.1
import PackageDescription

/// One target per leaf folder, so that the compiler keeps the walls: what a target does not name
/// here it cannot import. The order below is the order of the data's way through the program.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

func library(
  _ name: String, in folder: String, needs: [Target.Dependency] = [], resources: [Resource] = []
) -> Target {
  .target(
    name: name, dependencies: needs, path: "Sources/\(folder)", resources: resources,
    swiftSettings: strict)
}

func tests(_ name: String, needs: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: needs, path: "Tests/\(name)", swiftSettings: strict)
}

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yaml = Target.Dependency.product(name: "Yams", package: "Yams")
let http: [Target.Dependency] = ["NIOCore", "NIOHTTP1", "NIOPosix"].map {
  .product(name: $0, package: "swift-nio")
}
let sqlite = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

let package = Package(
  name: "modeltree",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "modeltree", targets: ["modeltree"]),
    .executable(name: "modeltree-worker", targets: ["modeltree-worker"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    // Shared: what the coordinator and the workers both need.
    .systemLibrary(
      name: "CHDF5", path: "Sources/Shared/CHDF5", pkgConfig: "hdf5",
      providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(
      name: "CZeroMQ", path: "Sources/Shared/CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", path: "Sources/Shared/COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CLinux", path: "Sources/Shared/CLinux"),
    .target(name: "CKernels", path: "Sources/Shared/CKernels"),
    library("System", in: "Shared/System", needs: ["CLinux"]),
    library("Core", in: "Shared/Core", needs: ["System"]),
    library("Encodings", in: "Shared/Encodings", needs: ["CKernels", "Core"]),
    library("Spectra", in: "Shared/Spectra", needs: ["CKernels", "Core", "System"]),
    library("Kernels", in: "Shared/Kernels", needs: ["CKernels", "Core", "Encodings", "System", "Spectra"]),
    library("Storage", in: "Shared/Storage", needs: ["CHDF5", "Core", "Encodings", "System"]),
    library("Wire", in: "Shared/Wire", needs: ["Core", "System"]),
    library("Transport", in: "Shared/Transport", needs: ["CZeroMQ", "Core", "System"]),
    library("Logs", in: "Shared/Logs", needs: ["Core", "System", logging]),

    // Worker: shards in, partials out.
    library(
      "Compute", in: "Worker/Compute", needs: ["Core", "Encodings", "System", "Kernels", "Storage", "Wire"]),
    library("Serving", in: "Worker/Serving", needs: ["Compute", "Core", "System", "Transport", "Wire", logging]),
    .executableTarget(
      name: "modeltree-worker",
      dependencies: ["Core", "Logs", "Serving", "System", "Transport", arguments, logging],
      path: "Sources/Worker/Command", swiftSettings: strict),

    // Coordinator: import -> plan -> shards -> partials -> matrices -> tree -> report.
    // A dialect is a data file; all are compiled in.
    library(
      "Naming", in: "Coordinator/Naming", needs: ["Core"],
      resources: [
        .embedInCode("Dialects/common.json"),
        .embedInCode("Dialects/llama.json"),
        .embedInCode("Dialects/gpt2.json"),
        .embedInCode("Dialects/neox.json"),
        .embedInCode("Dialects/bert.json"),
        .embedInCode("Dialects/vit.json"),
        .embedInCode("Dialects/bloom.json"),
        .embedInCode("Dialects/clip_text.json"),
        .embedInCode("Dialects/clip_vision.json"),
        .embedInCode("Dialects/flux.json"),
        .embedInCode("Dialects/unet.json"),
        .embedInCode("Dialects/vae.json"),
        .embedInCode("Dialects/meta.json"),
        .embedInCode("Dialects/baichuan.json"),
        .embedInCode("Dialects/bert_gamma.json"),
        .embedInCode("Dialects/chatglm.json"),
        .embedInCode("Dialects/deepseek.json"),
        .embedInCode("Dialects/flux_single.json"),
        .embedInCode("Dialects/gguf_bert.json"),
        .embedInCode("Dialects/gguf_bloom.json"),
        .embedInCode("Dialects/gguf_gpt2.json"),
        .embedInCode("Dialects/gguf_llama.json"),
        .embedInCode("Dialects/gguf_neox.json"),
        .embedInCode("Dialects/gguf_phi3.json"),
        .embedInCode("Dialects/gpt_oss.json"),
        .embedInCode("Dialects/internlm2.json"),
        .embedInCode("Dialects/ldm_unet.json"),
        .embedInCode("Dialects/ldm_vae.json"),
        .embedInCode("Dialects/llama4.json"),
        .embedInCode("Dialects/mixtral.json"),
        .embedInCode("Dialects/nanogpt.json"),
        .embedInCode("Dialects/open_clip_text.json"),
        .embedInCode("Dialects/open_clip_vision.json"),
        .embedInCode("Dialects/opt.json"),
        .embedInCode("Dialects/phi3.json"),
        .embedInCode("Dialects/qwen1.json"),
        .embedInCode("Dialects/stacked_experts.json"),
        .embedInCode("Dialects/timm.json"),
      ]),
    library("Checkpoints", in: "Coordinator/Checkpoints", needs: ["Core", "Encodings", "Storage", "System"]),
    library("Alignment", in: "Coordinator/Alignment", needs: ["Checkpoints", "Core", "Naming", "Storage", "System"]),
    library(
      "Planning", in: "Coordinator/Planning",
      needs: ["Alignment", "Checkpoints", "Core", "Encodings", "Naming", "Storage", "System"]),
    library(
      "Gauge", in: "Coordinator/Gauge",
      needs: ["Alignment", "Checkpoints", "Core", "Encodings", "Naming", "Spectra", "Storage", "System"]),
    library("Scheduling", in: "Coordinator/Scheduling", needs: ["Core", "System"]),
    .systemLibrary(
      name: "CSQLite", path: "Sources/Coordinator/CSQLite", providers: [.apt(["libsqlite3-dev"])]),
    library("Journal", in: "Coordinator/Journal", needs: ["CSQLite", "Core", "System", sqlite]),
    library(
      "Coordination", in: "Coordinator/Coordination",
      needs: [
        "Checkpoints", "Core", "System", "Journal", "Logs", "Planning", "Scheduling", "Storage", "Transport",
        "Monitoring", "Wire", logging,
      ]),
    library(
      "Gathering", in: "Coordinator/Gathering", needs: ["Core", "System", "Lineage", "Planning", "Wire"]),
    library("Graph", in: "Coordinator/Graph", needs: ["Core", "System"]),
    library(
      "Lineage", in: "Coordinator/Lineage", needs: ["CKernels", "Core", "Encodings", "Graph", "Spectra", "System"]),
    // What is compiled in here and below are the parts of pages, so that the program needs no folder
    // beside it.
    library(
      "Monitoring", in: "Coordinator/Monitoring", needs: ["Core", "System"] + http,
      resources: [
        .embedInCode("Live/live.html"), .embedInCode("Live/live.css"), .embedInCode("Live/live.js"),
      ]),
    library("Documents", in: "Coordinator/Documents", needs: ["System", yaml]),
    library("Hints", in: "Coordinator/Hints", needs: ["Core", "Documents", "System"]),
    library("Batch", in: "Coordinator/Batch", needs: ["Core", "Documents", "System"]),
    library(
      "Reports", in: "Coordinator/Reports", needs: ["Core", "Graph", "System", "Lineage", "Storage"],
      resources: [
        .embedInCode("Page/page.html"), .embedInCode("Page/page.css"),
        .embedInCode("Page/Script/elements.js"),
        .embedInCode("Page/Script/forest.js"),
        .embedInCode("Page/Script/words.js"),
        .embedInCode("Page/Script/colours.js"),
        .embedInCode("Page/Script/state.js"),
        .embedInCode("Page/Script/arrangement.js"),
        .embedInCode("Page/Script/picture.js"),
        .embedInCode("Page/Script/elements_in_view.js"),
        .embedInCode("Page/Script/light.js"),
        .embedInCode("Page/Script/address.js"),
        .embedInCode("Page/Script/zoom.js"),
        .embedInCode("Page/Script/details.js"),
        .embedInCode("Page/Script/hover.js"),
        .embedInCode("Page/Script/search.js"),
        .embedInCode("Page/Script/heat_map.js"),
        .embedInCode("Page/Script/table.js"),
        .embedInCode("Page/Script/controls.js"),
        .embedInCode("Page/Script/start.js"),
        .embedInCode("Report/error-rates.json"),
      ]),
    library(
      "Fingerprints", in: "Coordinator/Fingerprints",
      needs: ["Alignment", "Checkpoints", "Core", "Encodings", "Naming", "Spectra", "Storage", "System"]),
    library(
      "Registry", in: "Coordinator/Registry",
      needs: ["Core", "Fingerprints", "Graph", "Kernels", "Lineage", "Reports", "Storage", "System"]),
    library(
      "Recovery", in: "Coordinator/Recovery",
      needs: [
        "Alignment", "Checkpoints", "CLinux", "Coordination", "Core", "Encodings", "Fingerprints", "Gathering", "Gauge",
        "Graph", "Hints", "Journal", "Lineage", "Monitoring", "Naming", "Planning", "Registry", "Reports", "Spectra",
        "Storage", "System", "Transport", "Wire",
        logging,
      ]),
    library(
      "Printing", in: "Coordinator/Printing",
      needs: [
        "Core", "Graph", "Lineage", "Logs", "Monitoring", "Recovery", "Reports", "Storage", "System", "Transport",
        logging,
      ]),
    .executableTarget(
      name: "modeltree",
      dependencies: [
        "Batch", "Checkpoints", "Coordination", "Core", "Graph", "Lineage", "Logs", "Monitoring", "Planning",
        "Printing", "Recovery", "Registry", "Reports", "Storage", "System", "Transport", arguments, logging,
      ],
      path: "Sources/Coordinator/Command", swiftSettings: strict),

    // What `make bench` runs beside the program itself.
    .executableTarget(
      name: "kernel-bench",
      dependencies: ["CKernels", "COpenBLAS", "Core", "Encodings", "Kernels", "Lineage", "System"],
      path: "bench/Kernels", swiftSettings: strict),

    // Made-up fingerprints, and how long it takes to search thousands of them.
    .target(
      name: "MadeFingerprints", dependencies: ["Core", "Fingerprints", "Registry", "Storage", "System", "TestSeed"],
      path: "bench/Registry/Made", swiftSettings: strict),
    .executableTarget(
      name: "registry-bench", dependencies: ["Fingerprints", "MadeFingerprints", "Registry", "System", "TestSeed"],
      path: "bench/Registry/Bench", swiftSettings: strict),

    // A cluster in virtual time around the real scheduler, and what it costs the coordinator.
    .target(
      name: "VirtualCluster", dependencies: ["Core", "System", "Scheduling", "TestSeed"], path: "bench/Cluster/Virtual",
      swiftSettings: strict),
    .executableTarget(
      name: "cluster-bench",
      dependencies: [
        "Checkpoints", "Core", "Encodings", "System", "Journal", "Planning", "Scheduling", "Storage", "VirtualCluster",
        "Wire",
      ],
      path: "bench/Cluster/Bench", swiftSettings: strict),

    // Tests mirror the sources; the last one runs the built programs.
    .target(name: "TestSeed", path: "Tests/TestSeed", swiftSettings: strict),
    .target(
      name: "TestPrograms", dependencies: ["CLinux", "Core", "System"], path: "Tests/TestPrograms",
      swiftSettings: strict),
    // TestSupport writes the files they start from and asks other people's tools.
    .target(
      name: "TestSupport",
      dependencies: ["Checkpoints", "Compute", "Core", "System", "Storage", "TestPrograms", "TestSeed", "Wire"],
      path: "Tests/TestSupport", swiftSettings: strict),
    tests(
      "AlignmentTests",
      needs: [
        "Alignment", "Checkpoints", "Core", "Naming", "Storage", "System", "TestPrograms", "TestSeed", "TestSupport",
      ]),
    tests(
      "CheckpointsTests",
      needs: ["Checkpoints", "Core", "Encodings", "Storage", "System", "TestPrograms", "TestSeed", "TestSupport"]),
    tests("EncodingsTests", needs: ["Core", "Encodings", "System", "TestSeed", "TestSupport"]),
    tests("NamingTests", needs: ["Core", "Naming"]),
    tests("StorageTests", needs: ["Checkpoints", "Core", "Encodings", "Storage", "System", "TestSeed", "TestSupport"]),
    tests(
      "GaugeTests",
      needs: [
        "Alignment", "Checkpoints", "Core", "Encodings", "Gauge", "Naming", "Spectra", "Storage", "System",
        "TestPrograms",
        "TestSeed",
        "TestSupport",
      ]),
    tests(
      "PlanningTests",
      needs: ["Alignment", "Checkpoints", "Core", "Encodings", "Planning", "Storage", "System", "TestSeed"]),
    tests("DocumentsTests", needs: ["Documents"]),
    tests("BatchTests", needs: ["Batch", "Core", "System", "TestSupport"]),
    tests("HintsTests", needs: ["Core", "System", "Hints", "TestSupport"]),
    tests("GraphTests", needs: ["Core", "Graph", "System", "TestSeed"]),
    tests(
      "ReportsTests",
      needs: ["Core", "Encodings", "Graph", "Lineage", "Reports", "System", "TestSeed", "TestSupport"]),
    tests("LogsTests", needs: ["Logs", logging]),
    tests(
      "MonitoringTests", needs: ["Core", "System", "TestPrograms", "TestSeed", "TestSupport", "Monitoring"] + http),
    tests("JournalTests", needs: ["Core", "System", "Journal", "TestSeed", "TestSupport", sqlite]),
    tests(
      "CoordinationTests",
      needs: [
        "Checkpoints", "Coordination", "Core", "Encodings", "Journal", "Monitoring", "Planning", "Scheduling",
        "Storage",
        "System", "TestPrograms", "TestSeed", "TestSupport", "Transport", "Wire", logging,
      ]),
    tests(
      "ComputeTests",
      needs: ["Checkpoints", "Compute", "Core", "Encodings", "Storage", "System", "TestSupport", "Wire"]),
    tests(
      "FingerprintsTests",
      needs: [
        "Alignment", "Checkpoints", "Core", "Fingerprints", "Naming", "Storage", "System", "TestSeed", "TestSupport",
      ]),
    tests(
      "RegistryTests",
      needs: [
        "Core", "Fingerprints", "Lineage", "MadeFingerprints", "Registry", "Storage", "System", "TestPrograms",
        "TestSeed",
        "TestSupport",
      ]),
    tests(
      "GatheringTests",
      needs: [
        "Checkpoints", "Compute", "Core", "System", "Gathering", "Lineage", "Planning", "Storage", "TestSupport",
        "Wire",
      ]),
    tests(
      "RecoveryTests",
      needs: [
        "Checkpoints", "Compute", "Coordination", "Core", "Graph", "Journal", "Lineage", "Monitoring", "Planning",
        "Recovery", "Registry", "Reports", "Spectra", "Storage", "System", "TestPrograms", "TestSeed", "TestSupport",
        "Wire",
      ]),
    tests(
      "ServingTests",
      needs: [
        "Checkpoints", "Compute", "Core", "Serving", "Storage", "System", "TestSeed", "TestSupport", "Transport",
        "Wire", logging,
      ]),
    tests("CoreTests", needs: ["Core", "System", "TestPrograms", "TestSeed"]),
    tests("WireTests", needs: ["Core", "System", "TestSeed", "Wire"]),
    tests("TransportTests", needs: ["Core", "System", "TestSupport", "Transport"]),
    tests("KernelsTests", needs: ["CKernels", "Core", "System", "Kernels", "Spectra", "TestPrograms", "TestSeed"]),
    tests("SchedulingTests", needs: ["Core", "System", "Scheduling", "TestSeed", "VirtualCluster"]),
    tests(
      "LineageTests",
      needs: ["Core", "Encodings", "Graph", "Lineage", "Spectra", "System", "TestPrograms", "TestSeed"]),
    tests(
      "EndToEndTests", needs: ["Core", "TestPrograms", "TestSeed", "TestSupport", "modeltree", "modeltree-worker"]),
  ],
  swiftLanguageModes: [.v6]
)

// `make fuzz` alone builds this: it needs a compiler flag for the whole program.
if Context.environment["MODELTREE_FUZZ"] != nil {
  package.targets += [
    .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
    .executableTarget(
      name: "modeltree-fuzz",
      dependencies: [
        "Batch", "CLibFuzzer", "Checkpoints", "Core", "Encodings", "Fingerprints", "Graph", "Hints", "Journal",
        "Monitoring", "Planning", "Recovery", "Registry", "Reports", "Storage", "System", "Transport", "Wire",
      ],
      path: "Tests/Fuzz", exclude: ["CLibFuzzer", "Corpora", "make-corpora"], swiftSettings: strict),
  ]
}
