// Pairwise sums and moments for one element type and one instruction set; see isa.h.

#define FN(x) CAT(CAT(NAME(x), _), SUFFIX)

// As doubles, half as many lanes; floats are added by halves of the vector once more.
TARGET static inline CAT(NAME(vd), _) FN(halved)(VEC v) {
#if WIDTH == LANES
  return __builtin_convertvector(v.lo + v.hi, CAT(NAME(vd), _));
#else
  return v;
#endif
}

// The sums over the lanes of four vectors. A fixed order of additions, in double.
TARGET static inline void FN(sums_of)(VEC a, VEC b, VEC c, VEC d, CAT(NAME(four), _) * to) {
  CAT(NAME(vd), _) p = FN(halved)(a), q = FN(halved)(b), r = FN(halved)(c), s = FN(halved)(d);
#if LANES == 16
#define PICK(x, y, k) __builtin_shufflevector(x, y, k, 8 + k, 2 + k, 10 + k, 4 + k, 12 + k, 6 + k, 14 + k)
  CAT(NAME(vd), _) pq = PICK(p, q, 0) + PICK(p, q, 1), rs = PICK(r, s, 0) + PICK(r, s, 1);
  CAT(NAME(four), _) left = pq.lo + pq.hi, right = rs.lo + rs.hi;
#elif LANES == 8
#define PICK(x, y, k) __builtin_shufflevector(x, y, k, 4 + k, 2 + k, 6 + k)
  CAT(NAME(four), _) left = PICK(p, q, 0) + PICK(p, q, 1), right = PICK(r, s, 0) + PICK(r, s, 1);
#else
#define PICK(x, y, k) __builtin_shufflevector(x, y, k, 2 + k)
  CAT(NAME(vd), _) left = PICK(p, q, 0) + PICK(p, q, 1), right = PICK(r, s, 0) + PICK(r, s, 1);
#endif
#undef PICK
#if LANES > 4
  *to = __builtin_shufflevector(left, right, 0, 1, 4, 5) + __builtin_shufflevector(left, right, 2, 3, 6, 7);
#else
  *to = __builtin_shufflevector(left, right, 0, 1, 2, 3);
#endif
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
  mt_fetch *fetch;
} FN(sums);

// Adds the lanes of the sums from..<end to what is at `to`.
TARGET static inline __attribute__((always_inline)) void FN(add_row)(const VEC *sums, int from, int end, double *to) {
  VEC v[4];
  UNROLLED for (int b = 0; b < 4; b++) v[b] = b >= from && b < end ? sums[b] : (VEC)0;
  if (from >= end) return;
  CAT(NAME(four), _) all;
  FN(sums_of)(v[0], v[1], v[2], v[3], &all);
  if (from == 0 && end == 4)
    *(CAT(NAME(four), _) *)to += all;
  else
    UNROLLED for (int b = from; b < end; b++) to[b] += all[b];
}

// The pairs of rows x0.. x0+ni-1 with rows y0 .. y0+nj-1, held in registers over one run; of a
// block on the diagonal (x0 == y0) the pairs above it. Those are few: `sets` of them are summed in turn,
// so that no addition waits for the one before it, either blocks that follow each other (`shift` rows)
// or following runs of one block (`shift` 0). Every pair is summed in the same way wherever it lies.
// All numbers but `count` are constants where this is called, so that every loop over them is unrolled.
TARGET static inline __attribute__((always_inline)) void FN(tile)(
    const REAL *const *rows, size_t x0, int ni, size_t y0, int nj, int diagonal, int sets, int shift,
    int norms, size_t count, FN(sums) to) {
  const REAL *x[SETS][TI], *y[SETS][TJ];
  UNROLLED for (int s = 0; s < sets; s++) {
    size_t at = to.at + (shift ? 0 : (size_t)s * count);
    UNROLLED for (int a = 0; a < ni; a++) x[s][a] = rows[x0 + (size_t)(s * shift + a)] + at;
    UNROLLED for (int b = 0; b < nj; b++) y[s][b] = rows[y0 + (size_t)(s * shift + b)] + at;
    // The sums of many models are in no near cache by the time they are needed.
    UNROLLED for (int a = 0; a < ni; a++) {
      size_t i = x0 + (size_t)(s * shift + a), j = y0 + (size_t)(s * shift + (diagonal ? a + 1 : 0));
      __builtin_prefetch(to.l2 + (i * to.n - i * (i + 1) / 2 - i - 1 + j), 1);
    }
  }
  const int cost = COST(diagonal ? sets * ni * (ni - 1) / 2 : ni * nj, norms);
  NAME(share) share = NAME(begin)(to.fetch, cost, x[0][0]);
  VEC s2[SETS][TI][TJ], s1[SETS][TI][TJ], top[SETS][TI][TJ];
  UNROLLED for (int s = 0; s < sets; s++)
    UNROLLED for (int a = 0; a < ni; a++)
      UNROLLED for (int b = 0; b < nj; b++) s2[s][a][b] = 0, s1[s][a][b] = 0, top[s][a][b] = 0;
  size_t whole = count / WIDTH * WIDTH, p = 0;
#define STEP(LOAD)                                                   \
  UNROLLED for (int s = 0; s < sets; s++) {                          \
    VEC v[TJ];                                                       \
    UNROLLED for (int b = 0; b < nj; b++) v[b] = LOAD(y[s][b]);      \
    UNROLLED for (int a = 0; a < ni; a++) {                          \
      VEC u = LOAD(x[s][a]);                                         \
      UNROLLED for (int b = 0; b < nj; b++) {                        \
        if (diagonal && b <= a) continue;                            \
        VEC d = u - v[b];                                            \
        s2[s][a][b] += d * d;                                        \
        if (norms) {                                                 \
          VEC size = __builtin_elementwise_abs(d);                   \
          s1[s][a][b] += size;                                       \
          top[s][a][b] = size > top[s][a][b] ? size : top[s][a][b];  \
        }                                                            \
      }                                                              \
    }                                                                \
  }
#define WHOLE(row) (*(const VEC *)((row) + p))
#define LAST(row) FN(rest)((row) + whole, count - whole)
  for (size_t left = whole / WIDTH; left > 0;) {
    size_t rounds = NAME(rounds)(&share, left);
    left -= rounds;
    for (; rounds > 0; rounds--, p += WIDTH) {
      __builtin_prefetch(share.at);
      if (cost > COST(0, 0)) __builtin_prefetch(share.at + MT_LINE);
      share.at += share.pace;
      STEP(WHOLE)
    }
    NAME(next_row)(&share);
  }
  NAME(end)(share, to.fetch);
  if (whole < count) STEP(LAST)
#undef STEP
#undef WHOLE
#undef LAST
  UNROLLED for (int s = 0; s < sets; s++) UNROLLED for (int a = 0; a < ni; a++) {
    size_t i = x0 + (size_t)(s * shift + a), j = y0 + (size_t)(s * shift);
    size_t line = i * to.n - i * (i + 1) / 2 - i - 1;  // line + j is the pair (i, j)
    const int from = diagonal ? a + 1 : 0;
    FN(add_row)(s2[s][a], from, nj, to.l2 + (line + j));
    if (norms && to.l1) FN(add_row)(s1[s][a], from, nj, to.l1 + (line + j));
    if (!norms || !to.max) continue;
    UNROLLED for (int b = from; b < nj; b++) {
      size_t pair = line + j + (size_t)b;
      // No comparison lets a NaN through; the squares do.
      double largest = to.l2[pair] == to.l2[pair] ? FN(largest)(top[s][a][b]) : to.l2[pair];
      to.max[pair] = to.max[pair] > largest || to.max[pair] != to.max[pair] ? to.max[pair] : largest;
    }
  }
}

// Two tiles of three take less time than one of four and two remainders.
#define SMALL_TILES(n) (TI > 3 && ((n) == 5 || (n) == 6))

// Runs that are summed in turn where all models are one block.
#define RUNS(n) ((n) == 2 ? 4 : (n) > 2 && (n) <= TI ? 2 : 1)

#define TILE(i, ni, j, nj, norms) FN(tile)(rows, i, ni, j, nj, 0, 1, 0, norms, count, sums)
#define TRIANGLE(i, ni, sets, shift, norms) \
  FN(tile)(rows, i, ni, i, ni, 1, sets, shift, norms, count, sums)

// One row of tiles: `ni` rows from x0 against the columns from..<to, `T` at a time.
#define TILES(T, norms)                                                   \
  for (size_t j = from; j < end; j += T) switch (end - j) {               \
      case 1: TILE(i, T, j, 1, norms); break;                             \
      case 2: if (T > 2) { TILE(i, T, j, 2, norms); break; }              \
      __attribute__((fallthrough));                                       \
      case 3: if (T > 3) { TILE(i, T, j, 3, norms); break; }              \
      __attribute__((fallthrough));                                       \
      default: TILE(i, T, j, T, norms);                                   \
    }

// Two blocks on the diagonal at a time; `paired` is where the second one starts.
#define DIAGONAL(T, norms)                                                \
  if (i != paired) switch (n - i) {                                       \
      case 1: break;                                                      \
      case 2: TRIANGLE(i, 2, 1, 0, norms); break;                         \
      case 3: if (T > 2) { TRIANGLE(i, 3, 1, 0, norms); break; }          \
      __attribute__((fallthrough));                                       \
      default:                                                            \
        if (end - i >= 2 * T) {                                           \
          TRIANGLE(i, T, 2, T, norms);                                    \
          paired = i + T;                                                 \
        } else {                                                          \
          TRIANGLE(i, T, 1, 0, norms);                                    \
        }                                                                 \
    }

// All pairs over one run. Columns are taken in bands whose rows stay in the second cache while
// the rows pass by; within a band a row tile stays in the first.
#define SWEEP(T, norms)                                                   \
  for (size_t band = 0, paired = n; band < n; band += BAND) {             \
    size_t end = band + BAND < n ? band + BAND : n;                       \
    for (size_t i = 0; i < end; i += T) {                                 \
      size_t from = i + T;                                                \
      if (from <= band) from = band;                                      \
      else { DIAGONAL(T, norms) }                                         \
      TILES(T, norms)                                                     \
    }                                                                     \
  }

TARGET static void FN(pairs)(const REAL *const *rows, size_t n, size_t total, size_t run, mt_fetch *fetch,
                             double *l2, double *l1, double *max) {
  FN(sums) sums = {l2, l1, max, n, 0, fetch};
  while (sums.at < total) {
    size_t left = total - sums.at, count = left < run ? left : run, runs = 1;
    if (l1 || max) {
      SWEEP(TN, 1)
    } else if (RUNS(n) > 1 && left >= RUNS(n) * run) {
      runs = RUNS(n);
      switch (n) {
        case 2: TRIANGLE(0, 2, RUNS(2), 0, 0); break;
        case 3: if (TI >= 3) { TRIANGLE(0, 3, RUNS(3), 0, 0); break; }
        __attribute__((fallthrough));
        default: if (TI >= 4) TRIANGLE(0, 4, RUNS(4), 0, 0);
      }
    } else if (SMALL_TILES(n)) {
      SWEEP(3, 0)
    } else {
      SWEEP(TI, 0)
    }
    sums.at += runs * count;
  }
}

// See mt_rate_f32.
TARGET static double FN(rate)(size_t n, size_t bytes, int norms) {
  size_t side = norms ? TN : SMALL_TILES(n) ? 3 : TI, runs = norms ? 1 : RUNS(n);
  double steps = (double)n * TAKE_COST;
  for (size_t i = 0; i < n; i += side)
    for (size_t j = i; j < n; j += side) {
      size_t rows = n - i < side ? n - i : side, columns = n - j < side ? n - j : side;
      size_t sets = runs > 1 ? runs : n / side * side - i / (2 * side) * 2 * side < 2 * side ? 1 : 2;
      if (i < j) steps += COST(rows * columns, norms);
      if (i == j && rows > 1) steps += (double)COST(sets * rows * (rows - 1) / 2, norms) / (double)sets;
    }
  return (double)(n * WIDTH * bytes) / steps;
}

// See mt_extremes_f32.
TARGET static void FN(extremes)(const REAL *const *rows, size_t n, size_t count, double *low,
                                double *high) {
  size_t p = 0, whole = count / WIDTH * WIDTH;
  for (size_t i = 0; i < n; i++)
    for (size_t j = i + 1; j < n; j++, p++) {
      const REAL *x = rows[i], *y = rows[j];
      VEC least = (REAL)INFINITY, most = -(REAL)INFINITY;
      for (size_t q = 0; q < whole; q += WIDTH) {
        VEC d = *(const VEC *)(x + q) - *(const VEC *)(y + q);
        least = d < least ? d : least;
        most = d > most ? d : most;
      }
      double bottom = low[p], top = high[p];
      for (int k = 0; k < WIDTH; k++) {
        bottom = (double)least[k] < bottom ? (double)least[k] : bottom;
        top = (double)most[k] > top ? (double)most[k] : top;
      }
      for (size_t q = whole; q < count; q++) {
        double d = (double)(x[q] - y[q]);
        bottom = d < bottom ? d : bottom;
        top = d > top ? d : top;
      }
      low[p] = bottom;
      high[p] = top;
    }
}

// See mt_fold_f32.
TARGET static void FN(fold)(const REAL *row, const float *signs, double *to, size_t count) {
  for (size_t q = 0; q < count; q++) to[q] += (double)(row[q] * (REAL)signs[q]);
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
