internal import Dispatch
internal import Glibc

/// Turns SIGINT and SIGTERM into values in a mailbox, for as long as this object lives.
public final class SignalSources {
  private var sources: [any DispatchSourceSignal] = []

  /// - Parameter event: makes the value; called with the signal's number.
  public convenience init<Value: Sendable>(
    stopping mailbox: Mailbox<Value>, _ event: @escaping @Sendable () -> Value
  ) {
    self.init(mailbox) { _ in event() }
  }

  public init<Value: Sendable>(
    _ mailbox: Mailbox<Value>, _ event: @escaping @Sendable (_ number: Int32) -> Value
  ) {
    for number in [SIGINT, SIGTERM] {
      // The default action would end the process before the source hears of it.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { mailbox.post(event(number)) }
      source.resume()
      sources.append(source)
    }
  }

  deinit {
    for source in sources { source.cancel() }
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }
}
