// One pass over a run as it is stored: widens it and sums powers; see mt_take in mt_kernels.h.
// An includer defines STORED (the storage type), SUFFIX, and WIDEN(v), which makes floats of a vector
// of LANES of them, and IS_ZERO(w) for one; IN_PLACE where they are floats already.

#define FN(x) CAT(CAT(NAME(x), _), SUFFIX)
typedef STORED CAT(FN(stored), _) __attribute__((ext_vector_type(LANES), aligned(sizeof(STORED))));
#define BITS CAT(FN(stored), _)

TARGET static uint64_t FN(zeros)(const STORED *from, size_t count) {
  uint64_t zeros = 0;
  for (size_t p = 0; p < count; p++) zeros += IS_ZERO(from[p]);
  return zeros;
}

// `shifted` is a constant where this is called: most weights lie around zero and need no shift.
TARGET static inline __attribute__((always_inline)) int FN(sum_powers)(
    const STORED *from, float *to, size_t count, const char *ahead, mt_shifted_moments *m, int shifted) {
  VEC shift = (float)m->shift;
  // Two sums in turn, so that no addition waits for the one before it.
  VEC low = INFINITY, high = -INFINITY, s3a = 0, s3b = 0, s4a = 0, s4b = 0;
  HALVES s1a = 0, s1b = 0, s1c = 0, s1d = 0, s2a = 0, s2b = 0, s2c = 0, s2d = 0;
  VEC least = INFINITY;
#define STEP(v, edge, s1l, s1h, s2l, s2h, s3, s4)            \
  do {                                                       \
    VEC d = shifted ? (v) - shift : (v);                     \
    HALVES dl = __builtin_convertvector((v).lo, HALVES);     \
    HALVES dh = __builtin_convertvector((v).hi, HALVES);     \
    if (shifted) dl -= m->shift, dh -= m->shift;             \
    VEC q = d * d;                                           \
    s1l += dl, s1h += dh;                                    \
    s2l += dl * dl, s2h += dh * dh;                          \
    s3 += q * d;                                             \
    s4 += q * q;                                             \
    low = (edge) < low ? (edge) : low;                       \
    high = (edge) > high ? (edge) : high;                    \
    VEC size = shifted ? (edge) * (edge) : q;                \
    least = size < least ? size : least;                     \
  } while (0)
  size_t whole = count / (2 * LANES) * (2 * LANES);
  for (size_t p = 0; p < whole; p += 2 * LANES) {
    VEC u = WIDEN(*(const BITS *)(from + p)), v = WIDEN(*(const BITS *)(from + p + LANES));
    __builtin_prefetch(ahead + p * sizeof(STORED));
    if (sizeof(BITS) == 64) __builtin_prefetch(ahead + p * sizeof(STORED) + 64);
    if (to) *(VEC *)(to + p) = u, *(VEC *)(to + p + LANES) = v;
    STEP(u, u, s1a, s1b, s2a, s2b, s3a, s4a);
    STEP(v, v, s1c, s1d, s2c, s2d, s3b, s4b);
  }
  for (size_t p = whole; p < count; p += LANES) {
    size_t filled = count - p < LANES ? count - p : LANES;
    // Filled up with the shift, which changes no sum, and with the first weight, which changes no extreme.
    BITS bits = from[p];
    memcpy(&bits, from + p, filled * sizeof(STORED));
    VEC edge = WIDEN(bits), v = shift;
    memcpy(&v, &edge, filled * sizeof(float));
    if (to) memcpy(to + p, &edge, filled * sizeof(float));
    STEP(v, edge, s1a, s1b, s2a, s2b, s3a, s4a);
  }
#undef STEP
  HALVES s1 = (s1a + s1b) + (s1c + s1d), s2 = (s2a + s2b) + (s2c + s2d);
  double t1 = 0, t2 = 0, t3 = NAME(sum_f32)(s3a + s3b), t4 = NAME(sum_f32)(s4a + s4b);
  for (int k = 0; k < LANES / 2; k++) t1 += s1[k], t2 += s2[k];
  double n = (double)count;
  // Fourth powers must stay inside the range of a float, and the mean near the shift: within one
  // standard deviation, t1^2 / n <= t2 / 2. NaN and infinities fail the first test; weights that
  // all are the shift itself are the exception to it.
  if ((!(t4 > 1e-30 && t4 < 1e30) && t2 != 0) || t1 * t1 > 0.5 * n * t2) return 0;
  m->count += n;
  m->s1 += t1, m->s2 += t2, m->s3 += t3, m->s4 += t4;
  double lo = -NAME(largest_f32)(-low), hi = NAME(largest_f32)(high);
  m->min = lo < m->min ? lo : m->min;
  m->max = hi > m->max ? hi : m->max;
  // Zeros are rare and counted only where there is one, or a square that vanishes.
  if (-NAME(largest_f32)(-least) == 0) m->zeros += FN(zeros)(from, count);
  return 1;
}

TARGET static int FN(take)(const void *from, float *to, size_t count, const char *ahead,
                           mt_shifted_moments *m) {
  const STORED *bits = (const STORED *)from;
#if defined(IN_PLACE)
  if (!to)
    return m->shift == 0 ? FN(sum_powers)(bits, NULL, count, ahead, m, 0)
                         : FN(sum_powers)(bits, NULL, count, ahead, m, 1);
#endif
  return m->shift == 0 ? FN(sum_powers)(bits, to, count, ahead, m, 0)
                       : FN(sum_powers)(bits, to, count, ahead, m, 1);
}

#undef BITS
#undef FN
