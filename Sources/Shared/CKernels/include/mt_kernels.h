#pragma once
#include <stddef.h>
#include <stdint.h>

// Inner loops of the comparison. Everything here works on one *run*: at most MT_RUN consecutive
// coordinates of one tensor, for all models at once. Inside a run sums are kept in float lanes,
// at its end they are added to doubles; a fixed run length and a fixed order of additions make the
// result a function of the bytes alone.

#define MT_RUN 1024

// Lane width and instruction set, chosen once at run time: "avx512", "avx2" or "portable".
const char *mt_instruction_set(void);

// Adds, for every pair i < j of the n rows, to
//   l2[p]      sum of (x - y)^2
//   l1[p]      sum of |x - y|        (NULL: not wanted)
//   max[p]     max of |x - y|        (NULL: not wanted; combined by maximum)
// where p counts the pairs row by row: (0,1) (0,2) ... (0,n-1) (1,2) ...
// Rows need no alignment. count <= MT_RUN. A NaN in a row makes all sums with that row NaN.
void mt_pairs_f32(const float *const *rows, size_t n, size_t count, double *l2, double *l1, double *max);
void mt_pairs_f64(const double *const *rows, size_t n, size_t count, double *l2, double *l1, double *max);

// Sums of one row, about the row's own mean, so that nothing cancels.
typedef struct {
  double count, mean, m2, m3, m4, min, max;
  uint64_t zeros, not_finite;
} mt_run_moments;

mt_run_moments mt_moments_f32(const float *row, size_t count);
mt_run_moments mt_moments_f64(const double *row, size_t count);

// Exact widening of storage types, little-endian.
void mt_widen_f16(const void *from, float *to, size_t count);
void mt_widen_bf16(const void *from, float *to, size_t count);
void mt_widen_f32_f64(const float *from, double *to, size_t count);
