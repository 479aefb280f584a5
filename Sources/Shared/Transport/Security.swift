/// Which peers a socket accepts.
package enum Security: Sendable {
  /// Anybody who can reach the endpoint.
  case open
  /// Workers on the coordinator's list; needs a `Gatekeeper` in the same context.
  case coordinator(CoordinatorKeys)
  /// The coordinator whose public key the worker has.
  case worker(WorkerKeys)
}
