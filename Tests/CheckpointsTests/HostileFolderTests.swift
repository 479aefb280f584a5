import Checkpoints
import Core
import Glibc
import Storage
import System
import TestSupport
import Testing

/// Folders as somebody would make them who wants the search to hang, to crash or to miss a model.
struct HostileFolderTests {
  private let folder: TemporaryFolder
  private let tensors = [TestTensor("a", .f32, [1], [1])]

  init() throws { folder = try TemporaryFolder() }

  private func pipe(_ name: String) throws {
    try folder.makeFolder(name.split(separator: "/").dropLast().joined(separator: "/"))
    #expect(mkfifo(folder.at(name), 0o600) == 0)
  }

  /// What is said when a path is searched and everything found is imported.
  private func refusal(of path: String) throws -> Failure {
    try #require(
      failure {
        for model in try ModelFinder([path]).models {
          _ = try Importer.importModel(model, into: folder.makeFolder("stores"), mode: .external)
        }
      }, "nothing was wrong with \(path)")
  }

  @Test(arguments: [
    "m/model.safetensors", "m/adapter_model.safetensors", "m/diffusion_pytorch_model.safetensors", "m.safetensors",
    "m.h5",
  ])
  func aPipeInThePlaceOfWeightsIsNamedAndNotWaitedFor(_ name: String) throws {
    try pipe(name)
    let path = folder.at(String(name.split(separator: "/")[0]))
    let error = try refusal(of: path)
    #expect(error.kind == .badInput)
    #expect(error.message.contains("is a pipe"), "\(error)")
    #expect(error.message.contains(folder.at(name)), "\(error)")
  }

  @Test(arguments: ["model.safetensors.index.json", "adapter_config.json"])
  func aPipeInThePlaceOfADescriptionIsNamed(_ name: String) throws {
    try folder.write(tensors, to: "m/adapter_model.safetensors")
    try pipe("m/\(name)")
    #expect(try refusal(of: folder.at("m")).message.contains(name))
  }

  /// They have names without number.
  @Test func fileSystemsOfTheKernelAreNamedAndNotEntered() throws {
    for (path, kind) in [("/proc", "proc"), ("/proc/self/task", "proc"), ("/sys", "sysfs")] {
      let error = try #require(failure { _ = try ModelFinder([path]) }, "\(path) was searched")
      #expect(error.kind == .badInput && error.message.contains("'\(path)'"), "\(error)")
      #expect(error.message.contains("file system '\(kind)'"), "\(error)")
    }
    try folder.write(tensors, to: "all/m/model.safetensors")
    try folder.link("all/kernel", to: "/proc")
    let found = try ModelFinder([folder.at("all")])
    #expect(found.models.map(\.id) == ["m"])
    #expect(found.notes.contains { $0.subject.hasSuffix("kernel") && $0.text.contains("'proc'") }, "\(found.notes)")
  }

  @Test func devicesAndSocketsAreNotRead() throws {
    #expect(try refusal(of: "/dev/zero").message.contains("is a device"))
    try folder.makeFolder("m")
    try folder.link("m/model.safetensors", to: "/dev/zero")
    #expect(try refusal(of: folder.at("m")).message.contains("is a device"))
    let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // Paths of sockets are short.
    let path = "/tmp/mt-\(getpid()).h5"
    defer { unlink(path) }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(100)) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(bound == 0)
    #expect(try refusal(of: path).message.contains("is a socket"))
  }

  @Test func specialFilesFoundBesideAModelAreNoted() throws {
    try folder.write(tensors, to: "zoo/good/model.safetensors")
    try pipe("zoo/a.safetensors")
    try pipe("zoo/b.h5")
    try folder.link("zoo/gone", to: folder.at("nowhere"))
    let found = try ModelFinder([folder.at("zoo")])
    #expect(found.models.map(\.id) == ["good"])
    #expect(found.notes.map(\.subject) == ["a.safetensors", "b.h5", "gone"].map { folder.at("zoo/\($0)") })
    #expect(found.notes.prefix(2).allSatisfy { $0.text.contains("is a pipe") })
    #expect(found.notes[2].text.contains("leads nowhere"))
  }

  /// Twelve links to the folder itself are 12^6 ways to go.
  @Test func linksInCirclesAreFollowedOnce() throws {
    try folder.write(tensors, to: "zoo/good/model.safetensors")
    for number in 0..<12 { try folder.link("zoo/link\(number)", to: ".") }
    try folder.link("zoo/good/up", to: "..")
    let found = try ModelFinder([folder.at("zoo")])
    #expect(found.models.map(\.id) == ["good"])
    #expect(found.notes.count == 13)
    #expect(found.notes.allSatisfy { $0.text.contains("given twice") })
  }

  /// The author of a model has no say in what else of the disk is searched.
  @Test func linksOutOfAModelsFolderAreNotFollowed() throws {
    try folder.write(tensors, to: "private/m/model.safetensors")
    try folder.write(tensors, to: "zoo/good/model.safetensors")
    try folder.write(tensors, to: "zoo/good/checkpoint-5/model.safetensors")
    try folder.link("zoo/good/link", to: folder.at("private"))
    try folder.link("zoo/good/root", to: "/")
    try folder.link("zoo/good/part/deeper", to: folder.at("private/m"))
    // Within what was given, it may lead anywhere.
    try folder.write(tensors, to: "zoo/other/model.safetensors")
    try folder.link("zoo/good/sibling", to: "../other")
    let found = try ModelFinder([folder.at("zoo")])
    #expect(Set(found.models.map(\.id)) == ["good", "checkpoint-5", "sibling"])
    let notes = found.notes.filter { $0.text.contains("not followed") }
    #expect(Set(notes.map(\.subject)) == Set(["link", "root", "part/deeper"].map { folder.at("zoo/good/\($0)") }))
    #expect(notes.contains { $0.text.contains("'\(folder.at("private"))', outside of what was given") }, "\(notes)")
    // Who gives both has both.
    let both = try ModelFinder([folder.at("zoo"), folder.at("private")])
    let left = both.notes.filter { $0.text.contains("not followed") }
    #expect(both.models.count == 4 && left.map(\.subject) == [folder.at("zoo/good/root")], "\(both.notes)")
  }

  /// Folders of which only the names of what is not read are told: 12^8 ways to go, and a way to the whole disk.
  @Test func linksWithinWhatIsNotReadAreNamedAndNotFollowed() throws {
    try folder.write(tensors, to: "zoo/m/model.safetensors")
    for number in 0..<12 { try folder.link("zoo/m/onnx/link\(number)", to: ".") }
    try folder.link("zoo/m/original", to: "/")
    let found = try ModelFinder([folder.at("zoo")])
    #expect(found.models.map(\.id) == ["m"])
    #expect(found.notes.count == 1)
    #expect(found.notes.first?.text.contains("not read: 'onnx/link0'") == true, "\(found.notes)")
  }

  @Test func aSearchThatLeadsEverywhereIsGivenUp() throws {
    for number in 0..<20 { try folder.write(tensors, to: "zoo/\(number)/model.safetensors") }
    #expect(try ModelFinder([folder.at("zoo")], mostNames: 40).models.count == 20)
    let error = try #require(failure { _ = try ModelFinder([folder.at("zoo")], mostNames: 39) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains(folder.at("zoo/")) && error.message.contains("39 names"), "\(error)")
  }

  @Test func namesThatAreNotTextAreShownWithEscapes() throws {
    try folder.write(tensors, to: "zoo/good/model.safetensors")
    let name = (Array(folder.at("zoo/m").utf8) + [0xff, 0xc3, UInt8(ascii: "x"), 0]).map { CChar(bitPattern: $0) }
    #expect(mkdir(name, 0o700) == 0)
    defer { rmdir(name) }
    let found = try ModelFinder([folder.at("zoo")])
    #expect(found.models.map(\.id) == ["good"])
    #expect(found.notes.count == 1)
    #expect(found.notes.first?.text.contains(#"'m\xFF\xC3x'"#) == true, "\(found.notes)")
  }

  @Test func weightsThatAreNotReadAreNamed() throws {
    try folder.write(tensors, to: "zoo/m/model.safetensors")
    try folder.write(tensors, to: "zoo/m/consolidated.safetensors")
    for name in [
      "zoo/m/pytorch_model.bin", "zoo/m/training_args.bin", "zoo/m/optimizer.pt", "zoo/m/tokenizer.json",
      "zoo/m/original/consolidated.00.pth", "zoo/m/onnx/model.onnx", "zoo/other.gguf", "zoo/.old/x.safetensors",
      "zoo/.git/config",
    ] { try folder.write([0], to: name) }
    try folder.write(tensors, to: "zoo/m/checkpoint-5/model.safetensors")
    let found = try ModelFinder([folder.at("zoo")])
    #expect(found.models.map(\.id) == ["m", "checkpoint-5", "other"])
    #expect(found.notes.map(\.subject) == [folder.at("zoo/m"), folder.at("zoo")])
    #expect(
      found.notes.map(\.text) == [
        "not read: 'consolidated.safetensors', 'pytorch_model.bin', 'onnx/model.onnx' and 1 more",
        "not read: '.old/x.safetensors'",
      ])
  }

  @Test func modelsAreFoundAtAnyDepth() throws {
    let deep = (1...40).map(String.init).joined(separator: "/")
    try folder.write(tensors, to: "zoo/\(deep)/model.safetensors")
    let found = try ModelFinder([folder.at("zoo")])
    #expect(found.models.map(\.id) == ["40"])
    #expect(found.notes.isEmpty)
  }

  @Test func theDirectoryOfARunIsNotAModel() throws {
    try folder.write(tensors, to: "zoo/a/model.safetensors")
    for run in ["zoo/run", "zoo"] {
      try folder.write("", to: "\(run)/journal.sqlite")
      try folder.write("", to: "\(run)/results.h5")
      try folder.write("", to: "\(run)/store/a.h5")
    }
    let found = try ModelFinder([folder.at("zoo")])
    #expect(found.models.map(\.id) == ["a"])
    #expect(found.notes.isEmpty)
    let error = try #require(failure { _ = try ModelFinder([folder.at("zoo/run")]) })
    #expect(error.message.contains("directory of a run"))
  }

  /// Nor can a file of that name hide models.
  @Test func modelsInTheDirectoryOfARunAreFound() throws {
    try folder.write(tensors, to: "zoo/run/a/model.safetensors")
    try folder.write("", to: "zoo/run/journal.sqlite")
    #expect(try ModelFinder([folder.at("zoo")]).models.map(\.id) == ["a"])
  }

  @Test func configurationsThatAreTooDeepOrTooLargeAreRefused() throws {
    try folder.write(
      [
        TestTensor("x.lora_A.weight", .f32, [1, 2], [1, 2]), TestTensor("x.lora_B.weight", .f32, [2, 1], [1, 2]),
      ], to: "m/adapter_model.safetensors")
    for text in [#"{"r":"# + String(repeating: "[", count: 200_000), String(repeating: " ", count: 2 << 20)] {
      try folder.write(text, to: "m/adapter_config.json")
      let error = try refusal(of: folder.at("m"))
      #expect(error.kind == .badInput)
      #expect(error.message.contains("adapter_config.json"))
    }
  }

  @Test func anIndexThatIsTooDeepIsRefused() throws {
    try folder.write(
      #"{"weight_map":"# + String(repeating: #"{"a":"#, count: 100_000), to: "m/model.safetensors.index.json")
    #expect(try refusal(of: folder.at("m")).message.contains("weight_map"))
  }
}
