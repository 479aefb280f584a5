// One pass over a run as it is stored: widens it and sums powers; see mt_take in mt_kernels.h.
// An includer defines STORED (the storage type), SUFFIX, and WIDEN(v), which makes floats of a vector
// of LANES of them, and IS_ZERO(w) for one; IN_PLACE where they are floats already; EXACT_SQUARES: 1
// where the square of a weight needs no more digits than a float has.

#define FN(x) CAT(CAT(NAME(x), _), SUFFIX)
typedef STORED CAT(FN(stored), _) __attribute__((ext_vector_type(LANES), aligned(sizeof(STORED))));
#define BITS CAT(FN(stored), _)

TARGET static uint64_t FN(zeros)(const STORED *from, size_t count) {
  uint64_t zeros = 0;
  for (size_t p = 0; p < count; p++) zeros += IS_ZERO(from[p]);
  return zeros;
}

// The extremes of a run. What its last vector lacks is filled up with the first weight.
TARGET static void FN(edges)(const STORED *from, size_t count, mt_shifted_moments *m) {
  VEC low = INFINITY, high = -INFINITY;
  for (size_t p = 0; p < count; p += LANES) {
    BITS bits = from[0];
    if (count - p >= LANES) bits = *(const BITS *)(from + p);
    else memcpy(&bits, from + p, (count - p) * sizeof(STORED));
    VEC v = WIDEN(bits);
    low = v < low ? v : low;
    high = v > high ? v : high;
  }
  double lo = -NAME(largest_f32)(-low), hi = NAME(largest_f32)(high);
  m->min = lo < m->min ? lo : m->min;
  m->max = hi > m->max ? hi : m->max;
}

// Lanes of sums of powers; first and second powers by halves of a vector.
typedef struct {
  HALVES s1l, s1h, s2l, s2h;
  VEC s3, s4;
} FN(powers);

// `edge` is the weight itself where v stands in for one.
TARGET static inline __attribute__((always_inline)) void FN(add)(FN(powers) * s, VEC v, VEC edge, double shift,
                                                                 int shifted, VEC *least, VEC *most) {
  VEC d = shifted ? v - (float)shift : v;
  HALVES dl = __builtin_convertvector(v.lo, HALVES), dh = __builtin_convertvector(v.hi, HALVES);
  if (shifted) dl -= shift, dh -= shift;
  VEC q = d * d;
  s->s1l += dl, s->s1h += dh;
  s->s2l += dl * dl, s->s2h += dh * dh;
  s->s3 += q * d;
  s->s4 += q * q;
  *most = NAME(larger)(q, *most);
  *least = NAME(smaller)(shifted ? __builtin_elementwise_abs(edge) : edge * edge, *least);
}

// `kept` (weights go to `to`) and `shifted` are constants where this is called: most weights lie around
// zero and need no shift.
TARGET static inline __attribute__((always_inline)) int FN(sum_powers)(const STORED *from, float *to, size_t count,
                                                                       mt_fetch *fetch, mt_shifted_moments *m, int kept,
                                                                       int shifted) {
  const double shift = m->shift;
  // Several sums in turn, so that no addition waits for the one before it.
  FN(powers) s[STREAMS];
  memset(s, 0, sizeof s);
  VEC least = INFINITY, most = 0;
  const size_t step = STREAMS * LANES;
  size_t p = 0;
  NAME(share) share = NAME(begin)(fetch, TAKE_COST * STREAMS, from);
  for (size_t left = count / step; left > 0;) {
    size_t rounds = NAME(rounds)(&share, left);
    left -= rounds;
    for (; rounds > 0; rounds--, p += step) {
  UNROLLED for (size_t b = 0; b < step * sizeof(STORED); b += MT_LINE) __builtin_prefetch(share.at + b);
      share.at += share.pace;
      UNROLLED for (size_t k = 0; k < STREAMS; k++) {
        VEC v = WIDEN(*(const BITS *)(from + p + k * LANES));
        if (kept) *(VEC *)(to + p + k * LANES) = v;
        FN(add)(&s[k], v, v, shift, shifted, &least, &most);
      }
    }
    NAME(next_row)(&share);
  }
  NAME(end)(share, fetch);
  for (; p < count; p += LANES) {
    size_t filled = count - p < LANES ? count - p : LANES;
    // Filled up with the shift, which changes no sum, and with the first weight, which adds no zero.
    BITS bits = from[p];
    memcpy(&bits, from + p, filled * sizeof(STORED));
    VEC edge = WIDEN(bits), v = (float)shift;
    memcpy(&v, &edge, filled * sizeof(float));
    if (kept) memcpy(to + p, &edge, filled * sizeof(float));
    FN(add)(&s[0], v, edge, shift, shifted, &least, &most);
  }
  UNROLLED for (int k = 1; k < STREAMS; k++) {
    s[0].s1l += s[k].s1l, s[0].s1h += s[k].s1h, s[0].s2l += s[k].s2l, s[0].s2h += s[k].s2h;
    s[0].s3 += s[k].s3, s[0].s4 += s[k].s4;
  }
  CAT(NAME(four), _) low, high;
  NAME(sums_of_f64)(s[0].s1l + s[0].s1h, s[0].s2l + s[0].s2h, 0, 0, &low);
  NAME(sums_of_f32)(s[0].s3, s[0].s4, 0, 0, &high);
  double t1 = low[0], t2 = low[1], t3 = high[0], t4 = high[1], n = (double)count;
  // Fourth powers must stay inside the range of a float, and the mean near the shift: within one
  // standard deviation, t1^2 / n <= t2 / 2. NaN and infinities fail the first test; weights that
  // all are the shift itself are the exception to it.
  if ((!(t4 > 1e-30 && t4 < 1e30) && t2 != 0) || t1 * t1 > 0.5 * n * t2) return 0;
  m->count += n;
  m->s1 += t1, m->s2 += t2, m->s3 += t3, m->s4 += t4;
  // Rounding keeps order: a weight beyond a known extreme lies no nearer to the shift than that, nor
  // does its square. Only runs that reach so far are looked at again; few do once the first have passed.
  float below = (float)shift - (float)m->min, above = (float)m->max - (float)shift;
  VEC known = below < above ? below : above;
  if (!(known[0] > 0) || NAME(any)(EXACT_SQUARES && !shifted ? most > known * known : most >= known * known))
    FN(edges)(from, count, m);
  // Zeros are rare and counted only where there is one, or a square that vanishes.
  if (NAME(any)(least == 0)) m->zeros += FN(zeros)(from, count);
  return 1;
}

TARGET static int FN(take)(const void *from, float *to, size_t count, mt_fetch *fetch,
                           mt_shifted_moments *m) {
  const STORED *bits = (const STORED *)from;
#if defined(IN_PLACE)
  if (!to)
    return m->shift == 0 ? FN(sum_powers)(bits, NULL, count, fetch, m, 0, 0)
                         : FN(sum_powers)(bits, NULL, count, fetch, m, 0, 1);
#endif
  return m->shift == 0 ? FN(sum_powers)(bits, to, count, fetch, m, 1, 0)
                       : FN(sum_powers)(bits, to, count, fetch, m, 1, 1);
}

#undef BITS
#undef FN
