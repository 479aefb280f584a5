import Checkpoints
import Testing

/// What people type when they mean a model of the hub.
struct HubNameTests {
  @Test(arguments: [
    ("meta-llama/Llama-3-8B", "meta-llama/Llama-3-8B"), ("https://huggingface.co/org/name", "org/name"),
    ("https://huggingface.co/org/name/tree/main", "org/name"), ("hf.co/org/name", "org/name"),
    ("hf://org/name", "org/name"),
  ])
  func namesAndAddressesAreRecognized(text: String, id: String) throws {
    let name = try #require(HubName(text))
    #expect(name.id == id && name.advice.contains("hf download \(id) "))
  }

  @Test(arguments: [
    "models", "/models/llama", "./models/llama", "../llama", "~/llama", "models/", "a/b/c", "models/llama two", "",
    "https://huggingface.co/org", "org/..",
  ])
  func pathsAreNone(text: String) { #expect(HubName(text) == nil) }
}
