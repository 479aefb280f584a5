#include "dispatch.h"
#include <stdlib.h>
#include <string.h>

static const struct mt_kernels *mt_choose(void) {
#if defined(__x86_64__)
  // MODELTREE_ISA lowers the choice, so that every variant can be tested on one machine.
  const char *limit = getenv("MODELTREE_ISA");
  int portable = limit && strcmp(limit, "portable") == 0;
  int avx2 = limit && strcmp(limit, "avx2") == 0;
  __builtin_cpu_init();
  if (!portable && !avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return &mt_avx512_kernels;
  if (!portable && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"))
    return &mt_avx2_kernels;
#endif
  return &mt_portable_kernels;
}

static const struct mt_kernels *mt_current(void) {
  static const struct mt_kernels *chosen;
  const struct mt_kernels *k = __atomic_load_n(&chosen, __ATOMIC_ACQUIRE);
  if (!k) {
    k = mt_choose();  // the same answer in every thread, so a race here is harmless
    __atomic_store_n(&chosen, k, __ATOMIC_RELEASE);
  }
  return k;
}

const char *mt_instruction_set(void) { return mt_current()->name; }

void mt_pairs_f32(const float *const *rows, size_t n, size_t count, size_t run, mt_fetch *fetch, double *l2, double *l1,
                  double *max) {
  mt_current()->pairs_f32(rows, n, count, run, fetch, l2, l1, max);
}

double mt_rate_f32(size_t n, size_t bytes, int norms) { return mt_current()->rate_f32(n, bytes, norms); }

void mt_pairs_f64(const double *const *rows, size_t n, size_t count, size_t run, mt_fetch *fetch, double *l2,
                  double *l1, double *max) {
  mt_current()->pairs_f64(rows, n, count, run, fetch, l2, l1, max);
}

double mt_rate_f64(size_t n, size_t bytes, int norms) { return mt_current()->rate_f64(n, bytes, norms); }

void mt_extremes_f32(const float *const *rows, size_t n, size_t count, double *low, double *high) {
  mt_current()->extremes_f32(rows, n, count, low, high);
}

void mt_extremes_f64(const double *const *rows, size_t n, size_t count, double *low, double *high) {
  mt_current()->extremes_f64(rows, n, count, low, high);
}

void mt_fold_f32(const float *row, const float *signs, double *to, size_t count) {
  mt_current()->fold_f32(row, signs, to, count);
}

void mt_fold_f64(const double *row, const float *signs, double *to, size_t count) {
  mt_current()->fold_f64(row, signs, to, count);
}

size_t mt_take(mt_storage storage, const void *from, float *to, size_t count, size_t run, mt_fetch *fetch,
               mt_shifted_moments *moments) {
  const struct mt_kernels *k = mt_current();
  int (*take)(const void *, float *, size_t, mt_fetch *, mt_shifted_moments *) = storage == MT_BF16  ? k->take_bf16
                                                                                 : storage == MT_F16 ? k->take_f16
                                                                                                     : k->take_f32;
  size_t bytes = storage == MT_F32 ? 4 : 2, done = 0;
  while (done < count) {
    size_t length = count - done < run ? count - done : run;
    if (!take((const char *)from + done * bytes, to ? to + done : NULL, length, fetch, moments)) break;
    done += length;
  }
  return done;
}

double mt_energy_f32(const float *row, size_t count) { return mt_current()->energy_f32(row, count); }

double mt_energy_f64(const double *row, size_t count) { return mt_current()->energy_f64(row, count); }

void mt_add_collinear(const double *gaps, const double *norms, const double *logs, const double *bounds, size_t n,
                      double *rows, double *shrinkage) {
  mt_current()->add_collinear(gaps, norms, logs, bounds, n, rows, shrinkage);
}

mt_run_moments mt_moments_f32(const float *row, size_t count) { return mt_current()->moments_f32(row, count); }

mt_run_moments mt_moments_f64(const double *row, size_t count) { return mt_current()->moments_f64(row, count); }

void mt_decode(mt_storage storage, const void *from, float *to, size_t count) {
  switch (storage) {
  case MT_F32: memcpy(to, from, count * sizeof *to); return;
  case MT_BF16: mt_current()->decode_bf16(from, to, count); return;
  case MT_F16: mt_current()->decode_f16(from, to, count); return;
  case MT_F64:
    for (size_t p = 0; p < count; p++) {
      double value;
      memcpy(&value, (const char *)from + p * sizeof value, sizeof value);
      to[p] = (float)value;
    }
  }
}

void mt_gather(mt_storage storage, const void *row, const uint32_t *columns, size_t count, float *to) {
  switch (storage) {
  case MT_F32:
    for (size_t p = 0; p < count; p++) memcpy(to + p, (const float *)row + columns[p], sizeof *to);
    return;
  case MT_BF16: mt_current()->gather_bf16(row, columns, count, to); return;
  case MT_F16: mt_current()->gather_f16(row, columns, count, to); return;
  case MT_F64:
    for (size_t p = 0; p < count; p++) {
      double value;
      memcpy(&value, (const double *)row + columns[p], sizeof value);
      to[p] = (float)value;
    }
  }
}

void mt_decode_e4m3(const void *from, float *to, size_t count) { mt_current()->decode_e4m3(from, to, count); }

void mt_decode_e5m2(const void *from, float *to, size_t count) { mt_current()->decode_e5m2(from, to, count); }

void mt_decode_blocks(mt_blocks format, const void *from, float *to, size_t blocks) {
  mt_current()->decode_blocks(format, from, to, blocks);
}

void mt_decode_e8m0(const void *from, float *to, size_t count) {
  const uint8_t *bytes = (const uint8_t *)from;
  for (size_t p = 0; p < count; p++) {
    uint32_t bits = bytes[p] == 255 ? 0x7fc00000u : bytes[p] == 0 ? 0x00400000u : (uint32_t)bytes[p] << 23;
    memcpy(to + p, &bits, sizeof *to);
  }
}

void mt_decode_i8(const void *from, float *to, size_t count) {
  const int8_t *bytes = (const int8_t *)from;
  for (size_t p = 0; p < count; p++) to[p] = bytes[p];
}

void mt_decode_u8(const void *from, float *to, size_t count) {
  const uint8_t *bytes = (const uint8_t *)from;
  for (size_t p = 0; p < count; p++) to[p] = bytes[p];
}

void mt_decode_planes3(const void *from, size_t plane, float *to, size_t columns) {
  for (size_t c = 0; c < columns; c++, to += 32) {
    uint32_t words[3];
    for (size_t k = 0; k < 3; k++) memcpy(words + k, (const char *)from + k * plane + c * sizeof *words, sizeof *words);
    for (unsigned k = 0; k < 32; k++) {
      unsigned word = 3 * k / 32, bit = 3 * k % 32;
      uint32_t value = words[word] >> bit;
      // Two numbers cross from one word into the next.
      if (bit > 29) value |= words[word + 1] << (32 - bit);
      to[k] = (float)(value & 7);
    }
  }
}

void mt_decode_stream(const void *from, float *to, size_t eights, int bits) {
  if (bits < 2 || bits > 8) abort();
  mt_current()->decode_stream(from, to, eights, bits);
}

void mt_decode_fours(const void *from, float *to, size_t words, const uint32_t *shifts) {
  mt_current()->decode_fours(from, to, words, shifts);
}

void mt_decode_i4(const void *from, float *to, size_t bytes) { mt_current()->decode_i4(from, to, bytes); }

void mt_decode_field8(const void *from, float *to, size_t count, unsigned shift, uint32_t mask) {
  if (shift > 7) abort();
  mt_current()->decode_field8(from, to, count, shift, mask);
}

void mt_decode_field32(const void *from, float *to, size_t count, unsigned shift, uint32_t mask) {
  if (shift > 31) abort();
  mt_current()->decode_field32(from, to, count, shift, mask);
}

void mt_decode_table(const void *from, float *to, size_t words, const uint32_t *shifts, const float *table) {
  mt_current()->decode_table(from, to, words, shifts, table);
}

void mt_affine(float *numbers, size_t groups, size_t width, const float *scale, const float *zero, const float *bias) {
  mt_current()->affine(numbers, groups, width, scale, zero, bias);
}

void mt_affine_each(float *numbers, size_t count, const float *scale, const float *zero, const float *bias) {
  mt_current()->affine_each(numbers, count, scale, zero, bias);
}

void mt_widen_f32_f64(const float *from, double *to, size_t count) { mt_current()->widen_f32_f64(from, to, count); }

void mt_weigh(const float *terms, const float *weights, const uint32_t *rows, size_t count, float *to) {
  mt_current()->weigh(terms, weights, rows, count, to);
}

double mt_log_likelihood(const mt_fit *fits, size_t fit_count, const double *shifts, const double *logs, size_t count) {
  if (count > MT_SHIFTS) abort();
  return mt_current()->log_likelihood(fits, fit_count, shifts, logs, count);
}

void mt_spreads(const mt_submatrices *matrices, const mt_scaled_pair *pairs, size_t count, double *spreads) {
  if (matrices->rows > MT_SPREAD_SIDE || matrices->columns > MT_SPREAD_SIDE) abort();
  mt_current()->spreads(matrices, pairs, count, spreads);
}

mt_agreement mt_agree(const float *first, const float *second, const float *const *others, size_t other_count,
                      size_t count, float unit, float near, float clear) {
  return mt_current()->agree(first, second, others, other_count, count, unit, near, clear);
}

void mt_squares_f32(const float *values, size_t matrices, int rows, int columns, double *squares) {
  mt_current()->squares_f32(values, matrices, rows, columns, squares);
}

void mt_squares_f64(const double *values, size_t matrices, int rows, int columns, double *squares) {
  mt_current()->squares_f64(values, matrices, rows, columns, squares);
}
