internal import Glibc

/// What the system says when a file cannot be opened or read.
struct FileTrouble {
  let text: String
  let advice: String
  /// Whether another host, or this one another time, may fare better with the same file: it is not there,
  /// may not be read, its mount or disk is gone. Not so when this process has run out of something, or
  /// asked for what no file has.
  let isOfThisHost: Bool

  init(opening code: Int32) {
    text = String(cString: strerror(code))
    isOfThisHost = ![EMFILE, ENFILE, ENOMEM, EINVAL].contains(code)
    advice =
      code == EMFILE || code == ENFILE
      ? "every model needs its files open: raise the limit of open files (ulimit -n)"
      : "check that the file exists at this path on this machine and may be read"
  }

  init(reading code: Int32) {
    text = String(cString: strerror(code))
    isOfThisHost = ![EINVAL, EFAULT, EOVERFLOW, ENOMEM].contains(code)
    advice = "check whether the disk or the network share is in order"
  }
}
