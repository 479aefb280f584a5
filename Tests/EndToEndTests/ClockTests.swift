import Foundation
import TestPrograms
import TestSupport
import Testing

/// The time of day may be set, forwards and back, without any effect but in the log.
@Suite struct ClockTests {
  /// Compiles a library that lets the time of day jump at every look at it.
  private static func library(in scratch: TemporaryFolder) throws -> String {
    try compile(
      """
      #define _GNU_SOURCE
      #include <dlfcn.h>
      #include <sys/time.h>
      #include <time.h>
      #include <unistd.h>
      static long jump(void) {
        static unsigned n;
        if (!n) n = getpid();
        n = n * 1103515245u + 12345u;
        return (long)(n >> 16 & 0x7fff) * 1000 - 16384000;
      }
      int clock_gettime(clockid_t id, struct timespec *t) {
        int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
        int status = real(id, t);
        if (id == CLOCK_REALTIME) t->tv_sec += jump();
        return status;
      }
      int gettimeofday(struct timeval *t, void *zone) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        t->tv_sec = now.tv_sec, t->tv_usec = now.tv_nsec / 1000;
        return 0;
      }
      time_t time(time_t *t) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        if (t) *t = now.tv_sec;
        return now.tv_sec;
      }
      """, to: "jumps", in: scratch)
  }

  @Test func jumpsOfTheClockChangeNothing() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily(tensors: 40)
    let jumps = ["LD_PRELOAD": try Self.library(in: scratch)]
    let seen = try Program.run(
      "/bin/sh", ["-c", "for i in 1 2 3 4 5; do date +%Y-%m-%d; done"], environment: jumps)
    #expect(Set(seen.stdout.split(separator: "\n")).count > 1, "the clock does not jump")
    let run = scratch.at("run")
    let cluster = try Cluster(models: models, run: run, environment: jumps)
    let meddler = try Meddler(cluster.endpoint, ["--delay", "0.05"])
    let workers = try (0..<2).map { _ in
      try Running(
        Program.worker, ["--connect", meddler.endpoint, "--threads", "1"], environment: jumps)
    }
    cluster.finish()
    for worker in workers { #expect(worker.leave() == 0, "\(worker.stderr)") }
    #expect(!cluster.log.contains("fell silent"))
    #expect(try results(run) == scratch.undisturbed(models))
  }
}
