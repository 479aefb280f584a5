#include "dispatch.h"

#if defined(__x86_64__)
#define NAME(x) mt_avx512_##x
#define ISA_NAME "avx512"
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define HALF_IN_HARDWARE
#define LANES 16
#define STREAMS 2
#define TI 4
#define TJ 4
#define TN 3
#include "isa.h"
#endif
