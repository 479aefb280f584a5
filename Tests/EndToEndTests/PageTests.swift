import Foundation
import TestPrograms
import TestSupport
import Testing

/// The page of the shipped zoo, in a real browser.
@Suite struct PageTests {
  @Test(
    .enabled(if: Chromium.isHere, Comment(rawValue: Chromium.missing)), arguments: ["full-finetune", "mixed"])
  func pageOfTheZooShowsItsTree(_ zoo: String) throws {
    let scratch = try TemporaryFolder()
    let run = scratch.at("run")
    let recovered = try Program.run(
      Program.modeltree, ["recover", "\(Program.root)/zoo/\(zoo)", "--out", run])
    #expect(recovered.status == 0, "\(recovered.stderr)")
    let opened = try Program.oracle("browser", [run])
    #expect(opened.status == 0, "\(opened.stdout)\(opened.stderr)")
  }
}
