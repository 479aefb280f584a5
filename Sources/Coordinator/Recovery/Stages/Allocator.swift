internal import CLinux

/// What the C library does with large pieces of memory.
enum Allocator {
  /// Keeps up to 64 MiB of what was freed in each of four arenas for what comes next. The solving goes through
  /// partials of some MB each several times; a third of its time went into getting fresh pages for each of them.
  static func keepFreed() {
    // The largest that glibc takes: larger pieces are mapped, and go back when they are freed.
    mallopt(M_MMAP_THRESHOLD, 32 << 20)
    mallopt(M_TRIM_THRESHOLD, 64 << 20)
    // glibc would make eight arenas for every processor.
    mallopt(M_ARENA_MAX, 4)
  }
}
