import Foundation
import TestPrograms
import TestSupport
import Testing

/// A clock that a test turns: programs that are started with its environment live three times as fast while
/// the test waits for something that only time can bring, and as fast as anybody else otherwise. So a limit can
/// be far longer than any machine is late, and a test need not wait for it.
struct TimeLapse {
  private let library: String
  private let isFast: String

  var environment: [String: String] { ["LD_PRELOAD": library, "MODELTREE_TIME_LAPSE": isFast] }

  init(in folder: TemporaryFolder) throws {
    isFast = folder.at("fast")
    library = try compile(
      """
      #define _GNU_SOURCE
      #include <dlfcn.h>
      #include <pthread.h>
      #include <stdlib.h>
      #include <time.h>
      #include <unistd.h>
      static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
      static long long last, gained;
      int clock_gettime(clockid_t id, struct timespec *t) {
        static int (*real)(clockid_t, struct timespec *);
        if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
        if (id != CLOCK_MONOTONIC && id != CLOCK_BOOTTIME) return real(id, t);
        const char *fast = getenv("MODELTREE_TIME_LAPSE");
        pthread_mutex_lock(&lock);
        struct timespec n;
        real(CLOCK_MONOTONIC, &n);
        long long now = n.tv_sec * 1000000000ll + n.tv_nsec;
        if (last && fast && access(fast, F_OK) == 0) gained += 2 * (now - last);
        last = now;
        int status = real(id, t);
        long long shown = t->tv_sec * 1000000000ll + t->tv_nsec + gained;
        pthread_mutex_unlock(&lock);
        t->tv_sec = shown / 1000000000, t->tv_nsec = shown % 1000000000;
        return status;
      }
      """, to: "time-lapse", in: folder)
  }

  /// Lets time fly until the condition holds.
  func pass(until condition: () throws -> Bool) throws -> Bool {
    try Data().write(to: URL(fileURLWithPath: isFast))
    defer { try? FileManager.default.removeItem(atPath: isFast) }
    return try eventually(condition)
  }
}

/// Compiles a library that is to be loaded before others.
///
/// - Returns: its path.
func compile(_ source: String, to name: String, in folder: TemporaryFolder) throws -> String {
  let file = try folder.write(source, to: "\(name).c")
  let library = folder.at("\(name).so")
  let compiled = try Program.run(
    "/usr/bin/env", ["clang", "-shared", "-fPIC", "-o", library, file, "-ldl", "-pthread"])
  try #require(compiled.status == 0, "\(compiled.stderr)")
  return library
}
