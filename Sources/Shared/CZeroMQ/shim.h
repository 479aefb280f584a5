#pragma once
#include <errno.h>
#include <zmq.h>

// errno after a failed call: libzmq may have its own copy, and Swift reads errno too late.
static inline int czmq_errno(void) { return zmq_errno(); }

// The Glibc module leaves eventfd out; a socket's thread is woken through one.
#include <sys/eventfd.h>

static inline int czmq_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
static inline void czmq_eventfd_signal(int descriptor) { eventfd_write(descriptor, 1); }
static inline void czmq_eventfd_clear(int descriptor) {
  eventfd_t count;
  eventfd_read(descriptor, &count);
}
