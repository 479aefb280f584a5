// The kernel bodies, compiled once per instruction set. An includer defines
//   NAME(x)  symbol of this variant      TARGET  function attribute
//   LANES    floats per vector
//   TI, TJ   rows and columns of a register tile (equal), TN the same where norms are asked for
#include "mt_kernels.h"
#include <math.h>
#include <string.h>

// Rows of a band: with runs of 4 KiB they take a quarter of a MiB.
#define BAND 60
// The moments fetch so many floats ahead: each row is a stream of its own to the prefetcher.
#define AHEAD 4096

#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)

// ---- one element type at a time: REAL, VEC (vector of REAL), WIDTH (its length) -----------------

typedef float CAT(NAME(vf), _) __attribute__((ext_vector_type(LANES), aligned(4)));
typedef double CAT(NAME(vd), _) __attribute__((ext_vector_type(LANES / 2), aligned(8)));

#define REAL float
#define SUFFIX f32
#define VEC CAT(NAME(vf), _)
#define WIDTH LANES
#define SUMS_IN_FLOAT
#include "pairs_body.h"
#undef SUMS_IN_FLOAT
#undef REAL
#undef SUFFIX
#undef VEC
#undef WIDTH

#define REAL double
#define SUFFIX f64
#define VEC CAT(NAME(vd), _)
#define WIDTH (LANES / 2)
#include "pairs_body.h"
#undef REAL
#undef SUFFIX
#undef VEC
#undef WIDTH

TARGET static void NAME(widen_f16)(const void *from, float *to, size_t count) {
  const uint16_t *bits = (const uint16_t *)from;
  for (size_t p = 0; p < count; p++) {
    uint16_t h;
    memcpy(&h, bits + p, 2);
    // Shift exponent and mantissa into place and scale by 2^112: exact, subnormals included.
    // Inf and NaN end up at 65536 and above, where their exponent is filled in.
    uint32_t magnitude = (uint32_t)(h & 0x7fff) << 13;
    float value;
    memcpy(&value, &magnitude, 4);
    value *= 0x1p112f;
    uint32_t word;
    memcpy(&word, &value, 4);
    word |= value >= 65536.0f ? 0x7f800000u : 0u;
    word |= (uint32_t)(h & 0x8000) << 16;
    memcpy(to + p, &word, 4);
  }
}

TARGET static void NAME(widen_bf16)(const void *from, float *to, size_t count) {
  const uint16_t *bits = (const uint16_t *)from;
  for (size_t p = 0; p < count; p++) {
    uint16_t h;
    memcpy(&h, bits + p, 2);
    uint32_t word = (uint32_t)h << 16;
    memcpy(to + p, &word, 4);
  }
}

TARGET static void NAME(widen_f32_f64)(const float *from, double *to, size_t count) {
  for (size_t p = 0; p < count; p++) {
    float value;
    memcpy(&value, from + p, 4);
    to[p] = value;
  }
}

// See mt_add_collinear.
TARGET static void NAME(add_collinear)(const double *gaps, const double *norms, const double *logs,
                                       const double *bounds, size_t n, double *rows, double *shrinkage) {
  size_t p = 0;
  for (size_t i = 0; i < n; i++) {
    double norm = norms[i], log = logs[i], bound = bounds[i];
    for (size_t j = i + 1; j < n; j++, p++) {
      double shorter = norm - norms[j];
      double apart = gaps[p] * (1 - 0x1p-23) - shorter * shorter;
      double allowed = 2 * (bound > bounds[j] ? bound : bounds[j]) * norm * norms[j];
      int collinear = apart < allowed && allowed > 0;
      rows[p] += collinear ? 1 : 0;
      shrinkage[p] += collinear ? logs[j] - log : 0;
    }
  }
}

const struct mt_kernels NAME(kernels) = {
    .name = ISA_NAME,
    .pairs_f32 = NAME(pairs_f32),
    .pairs_f64 = NAME(pairs_f64),
    .extremes_f32 = NAME(extremes_f32),
    .extremes_f64 = NAME(extremes_f64),
    .fold_f32 = NAME(fold_f32),
    .fold_f64 = NAME(fold_f64),
    .add_moments = NAME(add_moments_f32),
    .energy_f32 = NAME(energy_f32),
    .energy_f64 = NAME(energy_f64),
    .add_collinear = NAME(add_collinear),
    .moments_f32 = NAME(moments_f32),
    .moments_f64 = NAME(moments_f64),
    .widen_f16 = NAME(widen_f16),
    .widen_bf16 = NAME(widen_bf16),
    .widen_f32_f64 = NAME(widen_f32_f64),
};
