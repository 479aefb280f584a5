#include "dispatch.h"

#if defined(__x86_64__)
#define NAME(x) mt_avx2_##x
#define ISA_NAME "avx2"
#define TARGET __attribute__((target("avx2,fma,f16c")))
#define HALF_IN_HARDWARE
#define LANES 8
#define STREAMS 2
#define TI 3
#define TJ 3
#define TN 2
#include "isa.h"
#endif
