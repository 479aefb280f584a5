// Pairwise sums and moments for one element type and one instruction set; see isa.h.

#define FN(x) CAT(CAT(NAME(x), _), SUFFIX)

// Lanes are added in double by halves: eight and eight, four and four, ... A fixed order.
TARGET static inline double FN(sum)(VEC v) {
  typedef double wide __attribute__((ext_vector_type(WIDTH)));
  wide w = __builtin_convertvector(v, wide);
#if WIDTH >= 16
  __typeof__(w.lo) w8 = w.lo + w.hi;
#else
#define w8 w
#endif
#if WIDTH >= 8
  __typeof__(w8.lo) w4 = w8.lo + w8.hi;
#else
#define w4 w8
#endif
#if WIDTH >= 4
  __typeof__(w4.lo) w2 = w4.lo + w4.hi;
#else
#define w2 w4
#endif
  return w2[0] + w2[1];
#undef w8
#undef w4
#undef w2
}

TARGET static inline double FN(largest)(VEC v) {
#define LARGER(w) (w.lo > w.hi ? w.lo : w.hi)
#if WIDTH >= 16
  __typeof__(v.lo) w8 = LARGER(v);
#else
#define w8 v
#endif
#if WIDTH >= 8
  __typeof__(w8.lo) w4 = LARGER(w8);
#else
#define w4 w8
#endif
#if WIDTH >= 4
  __typeof__(w4.lo) w2 = LARGER(w4);
#else
#define w2 w4
#endif
  return (double)(w2[0] > w2[1] ? w2[0] : w2[1]);
#undef LARGER
#undef w8
#undef w4
#undef w2
}

// The last, incomplete vector of a row, filled up with zeros: both rows of a pair are filled
// alike, so the filling adds nothing to a difference.
TARGET static inline VEC FN(rest)(const REAL *row, size_t count) {
  VEC v = 0;
  memcpy(&v, row, count * sizeof(REAL));
  return v;
}

// Where the sums of a shard go; l1 and max may be NULL.
typedef struct {
  double *l2, *l1, *max;
  size_t n;
  size_t at;  // where in the rows the run starts
} FN(sums);

// The pairs of rows x0.. x0+ni-1 with rows y0 .. y0+nj-1, held in registers over one run; of a
// block on the diagonal (x0 == y0) the pairs above it. `ni`, `nj` and `norms` are constants where
// this is called, so that every loop over them is unrolled.
TARGET static inline __attribute__((always_inline)) void FN(tile)(
    const REAL *const *rows, size_t x0, int ni, size_t y0, int nj, int diagonal, int norms,
    size_t count, FN(sums) to) {
  const REAL *x[TI], *y[TJ];
  for (int a = 0; a < ni; a++) x[a] = rows[x0 + (size_t)a] + to.at;
  for (int b = 0; b < nj; b++) y[b] = rows[y0 + (size_t)b] + to.at;
  // The sums of many models are in no near cache by the time they are needed.
  for (int a = 0; a < ni; a++) {
    size_t i = x0 + (size_t)a, j = y0 + (size_t)(diagonal ? a + 1 : 0);
    __builtin_prefetch(to.l2 + (i * to.n - i * (i + 1) / 2 - i - 1 + j), 1);
  }
  VEC s2[TI][TJ], s1[TI][TJ], top[TI][TJ];
  for (int a = 0; a < ni; a++)
    for (int b = 0; b < nj; b++) s2[a][b] = 0, s1[a][b] = 0, top[a][b] = 0;
  size_t whole = count / WIDTH * WIDTH;
#define STEP(LOAD)                                                          \
  do {                                                                      \
    VEC v[TJ];                                                              \
    _Pragma("clang loop unroll(full)") for (int b = 0; b < nj; b++) v[b] = LOAD(y[b]); \
    _Pragma("clang loop unroll(full)") for (int a = 0; a < ni; a++) {       \
      VEC u = LOAD(x[a]);                                                   \
      _Pragma("clang loop unroll(full)") for (int b = 0; b < nj; b++) {     \
        if (diagonal && b <= a) continue;                                   \
        VEC d = u - v[b];                                                   \
        s2[a][b] += d * d;                                                  \
        if (norms) {                                                        \
          VEC size = __builtin_elementwise_abs(d);                          \
          s1[a][b] += size;                                                 \
          top[a][b] = size > top[a][b] ? size : top[a][b];                  \
        }                                                                   \
      }                                                                     \
    }                                                                       \
  } while (0)
#define WHOLE(row) (*(const VEC *)((row) + p))
#define LAST(row) FN(rest)((row) + whole, count - whole)
  for (size_t p = 0; p < whole; p += WIDTH) STEP(WHOLE);
  if (whole < count) STEP(LAST);
#undef STEP
#undef WHOLE
#undef LAST
  _Pragma("clang loop unroll(full)") for (int a = 0; a < ni; a++) {
    size_t i = x0 + (size_t)a;
    size_t line = i * to.n - i * (i + 1) / 2 - i - 1;  // line + j is the pair (i, j)
    _Pragma("clang loop unroll(full)") for (int b = 0; b < nj; b++) {
      if (diagonal && b <= a) continue;
      size_t p = line + y0 + (size_t)b;
      double squares = FN(sum)(s2[a][b]);
      to.l2[p] += squares;
      if (norms && to.l1) to.l1[p] += FN(sum)(s1[a][b]);
      if (norms && to.max) {
        // No comparison lets a NaN through; the squares do.
        double largest = squares == squares ? FN(largest)(top[a][b]) : squares;
        to.max[p] = to.max[p] > largest || to.max[p] != to.max[p] ? to.max[p] : largest;
      }
    }
  }
}

// One row of tiles: `ni` rows from x0 against the columns from..<to, `T` at a time.
#define TILES(T, norms)                                                                        \
  for (size_t j = from; j < end; j += T) switch (end - j) {                                    \
      case 1: FN(tile)(rows, i, T, j, 1, 0, norms, count, sums); break;                        \
      case 2: if (T > 2) { FN(tile)(rows, i, T, j, 2, 0, norms, count, sums); break; }         \
      __attribute__((fallthrough));                                                            \
      case 3: if (T > 3) { FN(tile)(rows, i, T, j, 3, 0, norms, count, sums); break; }         \
      __attribute__((fallthrough));                                                            \
      default: FN(tile)(rows, i, T, j, T, 0, norms, count, sums);                              \
    }

#define DIAGONAL(T, norms)                                                                     \
  switch (n - i) {                                                                             \
    case 1: break;                                                                             \
    case 2: FN(tile)(rows, i, 2, i, 2, 1, norms, count, sums); break;                          \
    case 3: if (T > 2) { FN(tile)(rows, i, 3, i, 3, 1, norms, count, sums); break; }           \
    __attribute__((fallthrough));                                                              \
    default: FN(tile)(rows, i, T, i, T, 1, norms, count, sums);                                \
  }

// All pairs over one run. Columns are taken in bands whose rows stay in the second cache while
// the rows pass by; within a band a row tile stays in the first.
#define SWEEP(T, norms)                                                                        \
  for (size_t band = 0; band < n; band += BAND) {                                              \
    size_t end = band + BAND < n ? band + BAND : n;                                            \
    for (size_t i = 0; i < end; i += T) {                                                      \
      size_t from = i + T;                                                                     \
      if (from <= band) from = band;                                                           \
      else DIAGONAL(T, norms)                                                                  \
      TILES(T, norms)                                                                          \
    }                                                                                          \
  }

TARGET static void FN(pairs)(const REAL *const *rows, size_t n, size_t at, size_t count, double *l2,
                             double *l1, double *max) {
  FN(sums) sums = {l2, l1, max, n, at};
  if (l1 || max) {
    SWEEP(TN, 1)
  } else {
    SWEEP(TI, 0)
  }
}

// Sum of squares, in double.
TARGET static double FN(energy)(const REAL *row, size_t count) {
  enum { W = 8 };
  typedef double V __attribute__((ext_vector_type(W)));
  typedef REAL R __attribute__((ext_vector_type(W), aligned(sizeof(REAL))));
  V sum = 0;
  size_t whole = count / W * W;
  for (size_t p = 0; p < whole; p += W) {
    V v = __builtin_convertvector(*(const R *)(row + p), V);
    sum += v * v;
  }
  double s = 0;
  for (int k = 0; k < W; k++) s += sum[k];
  for (size_t p = whole; p < count; p++) s += (double)row[p] * (double)row[p];
  return s;
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
