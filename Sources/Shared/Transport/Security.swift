/// Who may be at the other end of a socket.
public enum Security: Sendable {
  /// Anybody who can reach the endpoint.
  case open
  /// Workers on the coordinator's list; needs a `Gatekeeper` in the same context.
  case coordinator(CoordinatorKeys)
  /// The coordinator whose key the worker was given.
  case worker(WorkerKeys)
}
