/// The page that follows a run: three files in `Live`, compiled in. It asks for `status.json` again
/// and again; names reach it as JSON alone, and its script puts them on the page as text.
enum LivePage {
  static var html: [UInt8] { PackageResources.live_html }
  static var style: [UInt8] { PackageResources.live_css }
  static var script: [UInt8] { PackageResources.live_js }
}
