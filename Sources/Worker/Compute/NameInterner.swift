internal import Core
internal import System

/// Names of tensors as numbers: the models of a collection call nearly all of theirs the same.
struct NameInterner {
  private var numbers: [ByteString: Int32] = [:]

  func number(of name: String) -> Int32? { numbers[ByteString(name)] }

  /// The number of a name, a new one for one that is new.
  mutating func take(_ name: String) -> Int32 {
    let new = Int32(numbers.count)
    let key = ByteString(name)
    guard let known = numbers[key] else {
      numbers[key] = new
      return new
    }
    return known
  }
}
