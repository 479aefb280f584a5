/// A value of a pickle. What holds others is a number: its content lies in the `PickleHeap`, so that values which
/// hold themselves, or a million others inside each other, cost no more than others do.
package enum PickleValue: Sendable, Hashable {
  case none
  case bool(Bool)
  case int(Int)
  /// A whole number of more than 64 bits.
  case hugeInt
  case float(Double)
  case text(Int)
  /// Of Python 2: text or bytes.
  case string(Int)
  case bytes(Int)
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  case global(Int)
  case object(Int)
  /// What `persistent_id` said of an object that is kept outside of the pickle.
  case persistent(Int)
}

/// A function or class that a pickle names. It is never looked up, let alone called.
package struct PickleGlobal: Sendable, Hashable, CustomStringConvertible {
  package var module: String
  package var name: String

  package var description: String { "\(module).\(name)" }
}

/// What a pickle would make by calling something: whom, with what, and what it would set afterwards.
package struct PickleObject: Sendable {
  package var callable: PickleValue
  /// A tuple.
  package var arguments: PickleValue
  /// What `__setstate__` would get; nil when it is not called.
  package var state: PickleValue?
  /// Number of the dictionary that entries were added to, as to a subclass of `dict`.
  package var dictionary: Int?
  /// Number of the list that items were added to.
  package var list: Int?
}
