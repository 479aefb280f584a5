// Pairwise sums and moments for one element type and one instruction set; see isa.h.

#define FN(x) CAT(CAT(NAME(x), _), SUFFIX)

// Fixed order: lanes are added in double, first to last.
TARGET static inline double FN(sum)(VEC v) {
  double s = 0;
  for (int k = 0; k < WIDTH; k++) s += (double)v[k];
  return s;
}

TARGET static inline double FN(largest)(VEC v) {
  REAL m = v[0];
  for (int k = 1; k < WIDTH; k++) m = v[k] > m ? v[k] : m;
  return (double)m;
}

// The last, incomplete vector of a row, filled up with zeros: both rows of a pair are filled
// alike, so the filling adds nothing to a difference.
TARGET static inline VEC FN(rest)(const REAL *row, size_t count) {
  VEC v = 0;
  memcpy(&v, row, count * sizeof(REAL));
  return v;
}

// TI x TJ pairs held in registers: sum of squared differences.
TARGET static inline void FN(tile_l2)(const REAL *const *x, const REAL *const *y, size_t count,
                                      double out[TI][TJ]) {
  VEC s[TI][TJ];
  for (int a = 0; a < TI; a++)
    for (int b = 0; b < TJ; b++) s[a][b] = 0;
  size_t p = 0;
  for (; p + WIDTH <= count; p += WIDTH) {
    VEC v[TJ];
    for (int b = 0; b < TJ; b++) v[b] = *(const VEC *)(y[b] + p);
    for (int a = 0; a < TI; a++) {
      VEC u = *(const VEC *)(x[a] + p);
      for (int b = 0; b < TJ; b++) {
        VEC d = u - v[b];
        s[a][b] += d * d;
      }
    }
  }
  if (p < count) {
    for (int a = 0; a < TI; a++) {
      VEC u = FN(rest)(x[a] + p, count - p);
      for (int b = 0; b < TJ; b++) {
        VEC d = u - FN(rest)(y[b] + p, count - p);
        s[a][b] += d * d;
      }
    }
  }
  for (int a = 0; a < TI; a++)
    for (int b = 0; b < TJ; b++) out[a][b] = FN(sum)(s[a][b]);
}

// One pair with the optional norms beside the squared sum.
TARGET static void FN(pair_all)(const REAL *x, const REAL *y, size_t count, double *l2, double *l1,
                                double *max) {
  VEC s2 = 0, s1 = 0, m = 0;
  size_t p = 0;
  for (; p < count; p += WIDTH) {
    VEC d = p + WIDTH <= count ? *(const VEC *)(x + p) - *(const VEC *)(y + p)
                               : FN(rest)(x + p, count - p) - FN(rest)(y + p, count - p);
    VEC magnitude = __builtin_elementwise_abs(d);
    s2 += d * d;
    s1 += magnitude;
    m = __builtin_elementwise_max(m, magnitude);
  }
  *l2 += FN(sum)(s2);
  if (l1) *l1 += FN(sum)(s1);
  if (max) {
    double largest = FN(largest)(m);
    *max = largest > *max ? largest : *max;
  }
}

TARGET static void FN(pairs)(const REAL *const *rows, size_t n, size_t count, double *l2, double *l1,
                             double *max) {
  if (l1 || max) {
    size_t p = 0;
    for (size_t i = 0; i < n; i++)
      for (size_t j = i + 1; j < n; j++, p++)
        FN(pair_all)(rows[i], rows[j], count, l2 + p, l1 ? l1 + p : NULL, max ? max + p : NULL);
    return;
  }
  for (size_t i0 = 0; i0 < n; i0 += TI) {
    // Rows past the end repeat the last one; what they yield is not stored.
    const REAL *x[TI];
    for (size_t a = 0; a < TI; a++) x[a] = rows[i0 + a < n ? i0 + a : n - 1];
    for (size_t j0 = i0 + 1; j0 < n; j0 += TJ) {
      const REAL *y[TJ];
      for (size_t b = 0; b < TJ; b++) y[b] = rows[j0 + b < n ? j0 + b : n - 1];
      double out[TI][TJ];
      FN(tile_l2)(x, y, count, out);
      for (size_t a = 0; a < TI && i0 + a < n; a++) {
        size_t i = i0 + a;
        double *line = l2 + i * n - i * (i + 1) / 2 - i - 1;  // line[j] is the pair (i, j)
        for (size_t b = 0; b < TJ; b++) {
          size_t j = j0 + b;
          if (j > i && j < n) line[j] += out[a][b];
        }
      }
    }
  }
}

// Two passes over a run that is still in cache: the mean, then central sums about it.
TARGET static mt_run_moments FN(moments)(const REAL *row, size_t count) {
  enum { W = 8 };
  typedef double V __attribute__((ext_vector_type(W)));
  mt_run_moments m = {0};
  V sum = 0, low = INFINITY, high = -INFINITY;
  uint64_t zeros = 0, odd = 0;
  size_t whole = count / W * W;
  for (size_t p = 0; p < whole; p += W) {
    V v;
    for (int k = 0; k < W; k++) v[k] = (double)row[p + k];
    sum += v;
    low = __builtin_elementwise_min(low, v);
    high = __builtin_elementwise_max(high, v);
  }
  for (size_t p = 0; p < count; p++) {
    zeros += row[p] == 0;
    odd += !(row[p] - row[p] == 0);  // NaN and infinities
  }
  double s = 0, lo = INFINITY, hi = -INFINITY;
  for (int k = 0; k < W; k++) {
    s += sum[k];
    lo = low[k] < lo ? low[k] : lo;
    hi = high[k] > hi ? high[k] : hi;
  }
  for (size_t p = whole; p < count; p++) {
    double v = (double)row[p];
    s += v;
    lo = v < lo ? v : lo;
    hi = v > hi ? v : hi;
  }
  double mean = s / (double)count;
  V s1 = 0, s2 = 0, s3 = 0, s4 = 0;
  for (size_t p = 0; p < whole; p += W) {
    V d;
    for (int k = 0; k < W; k++) d[k] = (double)row[p + k] - mean;
    V q = d * d;
    s1 += d;
    s2 += q;
    s3 += q * d;
    s4 += q * q;
  }
  double t1 = 0, t2 = 0, t3 = 0, t4 = 0;
  for (int k = 0; k < W; k++) t1 += s1[k], t2 += s2[k], t3 += s3[k], t4 += s4[k];
  for (size_t p = whole; p < count; p++) {
    double d = (double)row[p] - mean, q = d * d;
    t1 += d, t2 += q, t3 += q * d, t4 += q * q;
  }
  // t1 is what rounding left of the mean; it is moved into the mean, and its square is nothing.
  m.count = (double)count;
  m.mean = mean + t1 / (double)count;
  m.m2 = t2, m.m3 = t3, m.m4 = t4;
  m.min = lo, m.max = hi;
  m.zeros = zeros, m.not_finite = odd;
  return m;
}

#undef FN
