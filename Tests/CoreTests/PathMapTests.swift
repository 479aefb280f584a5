import Core
import System
import Testing

@Suite struct PathMapTests {
  @Test(arguments: [
    ("/data/a.h5", "/mnt/data/a.h5"), ("/data", "/mnt/data"), ("/database/a", "/database/a"),
    ("/data/big/a", "/fast/a"), ("/data/big", "/fast"), ("/data/bigger", "/mnt/data/bigger"),
    ("/other", "/other"), ("data/a", "data/a"), ("/data/ä/b c", "/mnt/data/ä/b c"),
  ])
  func theLongestRuleOfWholeComponentsCounts(path: String, place: String) throws {
    for rules in [["/data=/mnt/data", "/data/big=/fast"], ["/data/big/=/fast//", "/data/=//mnt/./data"]] {
      #expect(try PathMap(rules).local(path) == place)
    }
  }

  @Test func theRootCanBeMappedAndMappedTo() throws {
    #expect(try PathMap(["/=/host"]).local("/a/b") == "/host/a/b")
    #expect(try PathMap(["/=/host", "/a=/b"]).local("/a/b") == "/b/b")
    #expect(try PathMap(["/host=/"]).local("/host/a") == "/a")
    #expect(try PathMap(["/host=/"]).local("/host") == "/")
    #expect(PathMap().local("/a") == "/a")
  }

  /// "é" of one code point and of two are the same text to Swift, and two files to the system.
  @Test func pathsAreBytes() throws {
    let map = try PathMap(["/caf\u{e9}=/one"])
    #expect(map.local("/caf\u{e9}/a") == "/one/a")
    #expect(Array(map.local("/cafe\u{301}/a").utf8) == Array("/cafe\u{301}/a".utf8))
  }

  @Test func equalsSignsInNamesAreNamesUnlessASlashFollows() throws {
    #expect(try PathMap(["/run=1/x=/mnt/lr=2"]).local("/run=1/x/a") == "/mnt/lr=2/a")
  }

  @Test(arguments: ["", "=", "/data", "/data=", "data=/mnt", "/data=mnt", "=/mnt", "/a/../b=/mnt", "/a=/mnt/.."])
  func whatIsNoRuleIsNamed(_ text: String) throws {
    let error = #expect(throws: Failure.self) { try PathMap([text]) }
    #expect(error?.kind == .usage)
    #expect(error?.message.contains("--path-map '\(text)'") == true)
  }

  @Test func rulesThatContradictEachOtherAreRefused() throws {
    let error = #expect(throws: Failure.self) { try PathMap(["/a=/b", "/a/=/c"]) }
    #expect(error?.message.contains("'/b'") == true && error?.message.contains("'/c'") == true)
    #expect(try PathMap(["/a=/b", "/a/=/b/"]).rules.count == 1)
  }
}
