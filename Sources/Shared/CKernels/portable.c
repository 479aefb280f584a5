#include "dispatch.h"

// Plain vectors of 4: SSE2 on x86-64, NEON on arm64.
#define NAME(x) mt_portable_##x
#define ISA_NAME "portable"
#define TARGET
#define LANES 4
#define STREAMS 2
#define TI 2
#define TJ 2
#define TN 2
#include "isa.h"
