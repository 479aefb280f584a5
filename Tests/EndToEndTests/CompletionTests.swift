import Foundation
import TestPrograms
import TestSupport
import Testing

/// The tab key, in every shell that is installed.
@Suite struct CompletionTests {
  @Test func shellsOfferPathsFormatsAndModels() throws {
    let folder = try TemporaryFolder()
    let run = folder.at("run")
    let output = try Program.run(Program.modeltree, ["recover", "\(Program.root)/zoo/mixed", "--out", run])
    #expect(output.status == 0, "\(output.stderr)")
    let programs = URL(fileURLWithPath: Program.modeltree).deletingLastPathComponent().path
    let found = try Program.oracle("completions", [programs, run])
    #expect(found.status == 0, "\(found.stderr)")
    let shells = try JSONDecoder().decode([String: [String: [String]]].self, from: Data(found.stdout.utf8))
    #expect(shells["bash"] != nil)
    for (shell, offers) in shells {
      // Older fish tells programs the line only where somebody types it.
      #expect(offers["models"]?.contains("m-2b0d") == true || shell == "fish", "\(shell): \(offers["models"] ?? [])")
      #expect(offers["formats"]?.contains("cyclonedx") == true, "\(shell): \(offers["formats"] ?? [])")
      #expect(offers["paths"]?.contains { $0.contains("run") } == true, "\(shell): \(offers["paths"] ?? [])")
      #expect(offers["commands"]?.contains("report") == true, "\(shell): \(offers["commands"] ?? [])")
    }
  }
}
