internal import Glibc

enum Descriptor {
  /// Never waits, and is not handed on to programs that are started.
  static func makePolite(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }
}
