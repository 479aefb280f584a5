// What the solving asks of many pairs of models: vectors of doubles, one instruction set; see
// mt_weigh, mt_log_likelihood, mt_spreads and mt_agree in mt_kernels.h. No sum crosses lanes but where it is
// said, so that the bits do not depend on how many lanes there are.

#define WIDE CAT(NAME(vd), _)
#define DOUBLES (LANES / 2)
typedef int64_t CAT(NAME(whole), _) __attribute__((ext_vector_type(DOUBLES), aligned(8)));
#define WHOLE CAT(NAME(whole), _)
#define WIDER(a, b) ((a) > (b) ? (a) : (b))

TARGET static void NAME(weigh)(const float *terms, const float *weights, const uint32_t *rows, size_t count,
                               float *to) {
  typedef float LINE __attribute__((ext_vector_type(16), aligned(4)));
  LINE sum = 0;
  for (size_t k = 0; k < count; k++) {
    LINE line = *(const LINE *)(terms + 16 * (size_t)rows[k]);
    sum = __builtin_elementwise_fma(line, (LINE)weights[k], sum);
  }
  *(LINE *)to = sum;
}

// Is it so in any lane?
#define ANY(lanes) (__builtin_reduce_or(lanes) != 0)

// Likelihoods are taken of two vectors at a time: each step of a logarithm waits for the one before.
#define PAIRS (2 * DOUBLES)
typedef double CAT(NAME(pair), _) __attribute__((ext_vector_type(PAIRS), aligned(8)));
typedef int64_t CAT(NAME(paired), _) __attribute__((ext_vector_type(PAIRS), aligned(8)));
#define PAIR CAT(NAME(pair), _)
#define PAIRED CAT(NAME(paired), _)

// x = 2^exponent * mantissa, which lies between the roots of a half and of two; x positive and normal.
// Vectors that are longer than registers are handed over in memory.
TARGET static inline void NAME(split)(const PAIR *x, PAIR *exponent, PAIR *mantissa) {
  PAIRED bits;
  memcpy(&bits, x, sizeof bits);
  PAIRED above = (bits & 0xfffffffffffff) - 0x6a09e667f3bcd;
  PAIRED power = (bits >> 52) - 1023 + (above >= 0 ? (PAIRED)1 : (PAIRED)0);
  bits -= power << 52;
  memcpy(mantissa, &bits, sizeof bits);
  *exponent = __builtin_convertvector(power, PAIR);
}

// The log of 2^exponent * m, to about an ulp, by the ratio f = (m - 1) / (m + 1).
TARGET static inline void NAME(log_from)(const PAIR *exponent, const PAIR *ratio, PAIR *to) {
  PAIR f = *ratio, q = f * f, series = 2.0 / 21;
  _Pragma("clang loop unroll(full)") for (int odd = 19; odd >= 3; odd -= 2) series = series * q + 2.0 / odd;
  *to = *exponent * 0x1.62e42fefa39efp-1 + (2 * f + f * q * series);
}

TARGET static inline void NAME(log)(PAIR *x) {
  PAIR exponent, m;
  NAME(split)(x, &exponent, &m);
  m = (m - 1) / (m + 1);
  NAME(log_from)(&exponent, &m, x);
}

// Of four vectors, with one division for all of them: it takes as long as the rest of a logarithm.
TARGET static inline void NAME(logs)(PAIR *x) {
  PAIR exponents[4], m[4], ratios[4];
  for (int k = 0; k < 4; k++) NAME(split)(&x[k], &exponents[k], &m[k]);
  PAIR first = (m[0] + 1) * (m[1] + 1), second = (m[2] + 1) * (m[3] + 1);
  PAIR inverse = 1 / (first * second);
  ratios[0] = inverse * second * (m[1] + 1);
  ratios[1] = inverse * second * (m[0] + 1);
  ratios[2] = inverse * first * (m[3] + 1);
  ratios[3] = inverse * first * (m[2] + 1);
  for (int k = 0; k < 4; k++) {
    ratios[k] *= m[k] - 1;
    NAME(log_from)(&exponents[k], &ratios[k], &x[k]);
  }
}

// Of numbers up to 700; what is below -700 counts as that.
TARGET static inline void NAME(exp)(PAIR *of) {
  // Inverse factorials.
  static const double taylor[] = {
      1.0,        1.0,         1.0 / 2,      1.0 / 6,       1.0 / 24,       1.0 / 120,       1.0 / 720,
      1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  PAIR x = WIDER(*of, (PAIR)-700.0);
  PAIR n = x * 0x1.71547652b82fep0 + 0x1.8p52;
  PAIRED bits;
  memcpy(&bits, &n, sizeof bits);
  n -= 0x1.8p52;
  PAIR r = x - n * 0x1.62e42fee00000p-1 - n * 0x1.a39ef35793c76p-33;
  PAIR series = taylor[13];
  _Pragma("clang loop unroll(full)") for (int k = 12; k >= 0; k--) series = series * r + taylor[k];
  PAIRED scaled;
  memcpy(&scaled, &series, sizeof scaled);
  scaled += bits << 52;
  memcpy(of, &scaled, sizeof scaled);
}

TARGET static double NAME(log_likelihood)(const mt_fit *fits, size_t fit_count, const double *shifts,
                                          const double *logs, size_t count) {
  double exponents[MT_SHIFTS + PAIRS], padded[MT_SHIFTS + PAIRS];
  size_t filled = (count + PAIRS - 1) / PAIRS * PAIRS;
  for (size_t k = 0; k < filled; k++) {
    exponents[k] = logs[k < count ? k : 0];
    padded[k] = shifts[k < count ? k : 0];
  }
  for (const mt_fit *fit = fits; fit < fits + fit_count; fit++) {
    PAIR half = 0.5 * fit->degrees;
    for (size_t at = 0; at < filled; at += PAIRS) {
      PAIR s, exponent, e[4], top = -INFINITY, sum = 0;
      memcpy(&s, padded + at, sizeof s);
      memcpy(&exponent, exponents + at, sizeof exponent);
      for (int k = 0; k < 4; k++) {
        PAIR misfit = fit->constant[k] + s * fit->linear[k] + s * s * fit->square[k];
        e[k] = fit->stiffness + WIDER(misfit, (PAIR)0.0);
      }
      NAME(logs)(e);
      for (int k = 0; k < 4; k++) {
        e[k] = fit->volume[k] - half * e[k];
        top = WIDER(e[k], top);
      }
      // What adds less than half an ulp to 1 is left out, and mostly one of the four is all there is.
      for (int k = 0; k < 4; k++) {
        e[k] -= top;
        if (!ANY(e[k] > -40)) continue;
        NAME(exp)(&e[k]);
        sum += e[k];
      }
      if (ANY(sum != 1)) {
        NAME(log)(&sum);
        top += sum;
      }
      exponent += fit->weight * top;
      memcpy(exponents + at, &exponent, sizeof exponent);
    }
  }
  double largest = -INFINITY;
  for (size_t k = 0; k < count; k++) largest = exponents[k] > largest ? exponents[k] : largest;
  double sum = 0;
  for (size_t at = 0; at < filled; at += PAIRS) {
    PAIR e;
    memcpy(&e, exponents + at, sizeof e);
    e -= largest;
    NAME(exp)(&e);
    for (size_t k = 0; k < PAIRS && at + k < count; k++) sum += e[k];
  }
  PAIR whole = sum;
  NAME(log)(&whole);
  return largest + whole[0];
}

// A small symmetric matrix per lane, the lower triangle row by row.
#define AT(i, j) a[(i) * ((i) + 1) / 2 + (j)]

// Of some rows of the reduction below, the columns before the first of them: takes out what the reflection before
// changed, and adds to the products with the next one.
TARGET static inline __attribute__((always_inline)) void
NAME(take_rows)(WIDE *a, int i, int from, int rows, const WIDE *u, const WIDE *z, const WIDE *v, WIDE *w, WIDE *sums) {
  for (int j = from; j < i; j++) {
    WIDE uj = u[j], zj = z[j], vj = v[j], own = w[j];
  UNROLLED for (int r = 0; r < rows; r++) {
      WIDE entry = AT(i + r, j);
      entry -= u[i + r] * zj + z[i + r] * uj;
      AT(i + r, j) = entry;
      sums[r] += entry * vj;
      own += entry * v[i + r];
    }
    w[j] = own;
  }
}

// Householder's reduction to a tridiagonal matrix: its diagonal, and squares beside it. What a reflection changes in
// the rest is taken out when that is read for the next one; from several rows at a time, as each row is one long sum.
#define ROWS (LANES > 8 ? 4 : 2)
TARGET static void NAME(reduce)(WIDE *a, int n, WIDE *diagonal, WIDE *squares) {
  WIDE vectors[2][MT_SPREAD_SIDE], products[2][MT_SPREAD_SIDE];
  // The first one finds nothing to take out.
  for (int i = 0; i < n; i++) vectors[1][i] = products[1][i] = 0;
  for (int k = 0; k < n; k++) {
    WIDE *v = vectors[k & 1], *w = products[k & 1];
    const WIDE *u = vectors[~k & 1], *z = products[~k & 1];
    if (k + 1 < n)
      for (int i = k; i < n; i++) AT(i, k) -= u[i] * z[k] + z[i] * u[k];
    diagonal[k] = AT(k, k);
    if (k + 1 >= n) break;
    WIDE first = AT(k + 1, k), rest = 0;
    for (int i = k + 2; i < n; i++) rest += AT(i, k) * AT(i, k);
    squares[k] = first * first + rest;
    if (k + 2 >= n) {
      AT(k + 1, k + 1) -= u[k + 1] * z[k + 1] + z[k + 1] * u[k + 1];
      continue;
    }
    WIDE norm = __builtin_elementwise_sqrt(squares[k]);
    v[k + 1] = first > 0 ? first + norm : first - norm;
    for (int i = k + 2; i < n; i++) v[i] = AT(i, k);
    WIDE length = v[k + 1] * v[k + 1] + rest;
    WIDE t = length > 0 ? 2 / length : (WIDE)0.0;
    for (int i = k + 1; i < n; i++) w[i] = 0;
    for (int i = k + 1; i < n; i += ROWS) {
      int rows = n - i < ROWS ? n - i : ROWS;
      WIDE sums[ROWS];
      for (int r = 0; r < rows; r++) {
        for (int j = i; j <= i + r; j++) AT(i + r, j) -= u[i + r] * z[j] + z[i + r] * u[j];
        sums[r] = AT(i + r, i + r) * v[i + r];
      }
      if (rows == ROWS) NAME(take_rows)(a, i, k + 1, ROWS, u, z, v, w, sums);
      else NAME(take_rows)(a, i, k + 1, rows, u, z, v, w, sums);
      for (int r = 0; r < rows; r++) {
        for (int j = i; j < i + r; j++) {
          sums[r] += AT(i + r, j) * v[j];
          w[j] += AT(i + r, j) * v[i + r];
        }
        w[i + r] += sums[r];
      }
    }
    WIDE inner = 0;
    for (int i = k + 1; i < n; i++) w[i] *= t, inner += v[i] * w[i];
    WIDE part = 0.5 * t * inner;
    for (int i = k + 1; i < n; i++) w[i] -= part * v[i];
  }
}

// Eigenvalues of tridiagonal matrices by the QL variant of Pal, Walker and Kahan, which takes no
// roots. Each step waits for the one before, so that two vectors take hardly longer than one. All lanes go on
// until the last is through, but those that are through stay as they are, so that no lane depends on its
// neighbours. `d` and `e` as from `reduce`; of a trace near 1 or 0. NaN where it takes too long. What `p` becomes
// where `c` is next to nothing is the limit.
#define EIGENVALUES(name, VECTOR, WORDS)                                                                             \
  TARGET static void NAME(name)(VECTOR *d, VECTOR *e, int n) {                                                       \
    _Pragma("STDC FP_CONTRACT OFF") for (int l = 0; l + 1 < n; l++) {                                                \
      for (int sweep = 0;; sweep++) {                                                                                \
        VECTOR product = d[l] * d[l + 1];                                                                            \
        VECTOR bound = 0x1p-104 * (product > 0 ? product : -product) + 1e-34;                                        \
        WORDS open = e[l] > bound;                                                                                   \
        if (!ANY(open)) break;                                                                                       \
        if (sweep == 60) {                                                                                           \
          d[l] = open ? (VECTOR)NAN : d[l];                                                                          \
          break;                                                                                                     \
        }                                                                                                            \
        VECTOR root = __builtin_elementwise_sqrt(open ? e[l] : (VECTOR)1.0);                                         \
        VECTOR sigma = (d[l + 1] - d[l]) / (2 * root);                                                               \
        VECTOR r = __builtin_elementwise_sqrt(sigma * sigma + 1);                                                    \
        sigma = d[l] - root / (sigma < 0 ? sigma - r : sigma + r);                                                   \
        VECTOR c = 1, s = 0, gamma = d[n - 1] - sigma, p = gamma * gamma;                                            \
        for (int i = n - 2; i >= l; i--) {                                                                           \
          VECTOR b = e[i], whole = p + b;                                                                            \
          if (i < n - 2) e[i + 1] = open ? s * whole : e[i + 1];                                                     \
          VECTOR one = 1 / whole, before = c, last = gamma;                                                          \
          c = whole > 0 ? p * one : (VECTOR)1.0;                                                                     \
          s = whole > 0 ? b * one : (VECTOR)0.0;                                                                     \
          gamma = __builtin_elementwise_fma(c, d[i] - sigma, -s * last);                                             \
          d[i + 1] = open ? last + (d[i] - gamma) : d[i + 1];                                                        \
          p = c > 1e-200 ? gamma * gamma * (whole / p) : before * b;                                                 \
        }                                                                                                            \
        e[l] = open ? s * p : e[l];                                                                                  \
        d[l] = open ? sigma + gamma : d[l];                                                                          \
      }                                                                                                              \
    }                                                                                                                \
  }
EIGENVALUES(eigenvalues, WIDE, WHOLE)
EIGENVALUES(paired_eigenvalues, PAIR, PAIRED)

// A tridiagonal matrix per lane with the eigenvalues of the Gram matrix, whose trace is 1, or 0 where nothing differs.
TARGET static void NAME(gram)(const mt_submatrices *m, const mt_scaled_pair *pairs, size_t count, WIDE *work,
                              WIDE *diagonal, WIDE *squares) {
  int n = m->rows < m->columns ? m->rows : m->columns;
  int inner = m->rows < m->columns ? m->columns : m->rows;
  size_t across = m->rows < m->columns ? m->row_stride : m->column_stride;
  size_t along = m->rows < m->columns ? m->column_stride : m->row_stride;
  WIDE *difference = work, *a = work + n * inner;
  for (size_t k = 0; k < DOUBLES; k++) {
    mt_scaled_pair pair = pairs[k < count ? k : 0];
    const float *x = m->values + pair.first * m->model_stride, *y = m->values + pair.second * m->model_stride;
    double *to = (double *)difference + k;
    for (int i = 0; i < n; i++)
      for (int j = 0; j < inner; j++) {
        // Not fused: what is equal is to cancel.
        _Pragma("STDC FP_CONTRACT OFF") size_t p = (size_t)i * across + (size_t)j * along;
        double u = pair.first_scale * (double)x[p], v = pair.second_scale * (double)y[p];
        to[(i * inner + j) * DOUBLES] = u - v;
      }
  }
  // In tiles of 4 x 2, which load less than they multiply.
  for (int i = 0; i < n; i += 4) {
    for (int j = 0; j < n && j < i + 4; j += 2) {
      const WIDE *rows[4], *x = difference + j * inner, *y = j + 1 < n ? x + inner : x;
      WIDE sums[4][2];
      for (int r = 0; r < 4; r++) {
        rows[r] = difference + (i + r < n ? i + r : i) * inner;
        sums[r][0] = sums[r][1] = 0;
      }
      for (int q = 0; q < inner; q++) {
        _Pragma("clang loop unroll(full)") for (int r = 0; r < 4; r++) {
          sums[r][0] += rows[r][q] * x[q];
          sums[r][1] += rows[r][q] * y[q];
        }
      }
      for (int r = 0; r < 4 && i + r < n; r++) {
        if (j <= i + r) AT(i + r, j) = sums[r][0];
        if (j < i + r) AT(i + r, j + 1) = sums[r][1];
      }
    }
  }
  WIDE trace = 0;
  for (int i = 0; i < n; i++) trace += AT(i, i);
  // A trace of 1 keeps squares of squares in range.
  WIDE one = trace > 1e-300 && trace < 1e300 ? 1 / trace : (WIDE)0.0;
  for (int p = 0; p < n * (n + 1) / 2; p++) a[p] = one > 0 ? a[p] * one : (WIDE)0.0;
  NAME(reduce)(a, n, diagonal, squares);
}

// Of up to a PAIR of pairs.
TARGET static void NAME(spread_lanes)(const mt_submatrices *m, const mt_scaled_pair *pairs, size_t count, WIDE *work,
                                      double *spreads) {
  int n = m->rows < m->columns ? m->rows : m->columns;
  PAIR d[MT_SPREAD_SIDE], e[MT_SPREAD_SIDE];
  for (size_t half = 0; half < 2; half++) {
    size_t from = half * DOUBLES < count ? half * DOUBLES : 0;
    WIDE diagonal[MT_SPREAD_SIDE], squares[MT_SPREAD_SIDE];
    NAME(gram)(m, pairs + from, count - from, work, diagonal, squares);
    for (int i = 0; i < n; i++) {
      memcpy((double *)&d[i] + half * DOUBLES, &diagonal[i], sizeof(WIDE));
      if (i + 1 < n) memcpy((double *)&e[i] + half * DOUBLES, &squares[i], sizeof(WIDE));
    }
  }
  PAIR trace = 0;
  for (int i = 0; i < n; i++) trace += d[i];
  NAME(paired_eigenvalues)(d, e, n);
  PAIR nuclear = 0, total = 0;
  for (int i = 0; i < n; i++) {
    PAIR value = d[i] < 0 ? (PAIR)0.0 : d[i];
    nuclear += __builtin_elementwise_sqrt(value);
    total += value;
  }
  PAIR spread = nuclear / __builtin_elementwise_sqrt(total);
  for (size_t k = 0; k < PAIRS && k < count; k++) spreads[k] = trace[k] > 0.5 ? spread[k] : NAN;
}

TARGET static void NAME(spreads)(const mt_submatrices *m, const mt_scaled_pair *pairs, size_t count, double *spreads) {
  size_t rows = (size_t)m->rows, columns = (size_t)m->columns;
  size_t n = rows < columns ? rows : columns;
  WIDE *work = malloc((rows * columns + n * (n + 1) / 2) * sizeof(WIDE));
  if (!work) abort();
  for (size_t at = 0; at < count; at += PAIRS)
    NAME(spread_lanes)(m, pairs + at, count - at < PAIRS ? count - at : PAIRS, work, spreads + at);
  free(work);
}

// Of up to a vector of weights; a comparison is -1 in the lanes in which it holds.
TARGET static inline void NAME(agree_in)(const float *first, const float *second, const float *const *others,
                                         size_t other_count, size_t at, size_t length, float unit, float near,
                                         float clear, mt_agreement *to) {
  typedef CAT(NAME(vf), _) LINE;
  typedef int32_t TALLY __attribute__((ext_vector_type(LANES)));
  LINE own = 0, theirs = 0;
  memcpy(&own, first + at, length * sizeof(float));
  memcpy(&theirs, second + at, length * sizeof(float));
  LINE step = unit * __builtin_elementwise_abs(theirs), bound = clear * step;
  TALLY moved = 0;
  for (size_t k = 0; k < other_count; k++) {
    LINE other = 0;
    memcpy(&other, others[k] + at, length * sizeof(float));
    moved -= __builtin_elementwise_abs(other - theirs) > bound;
  }
  TALLY counts = (2 * moved >= (int32_t)other_count) & (moved > 0);
  LINE apart = __builtin_elementwise_abs(own - theirs);
  to->counted -= (uint32_t)__builtin_reduce_add(counts);
  to->same -= (uint32_t)__builtin_reduce_add(counts & (apart == 0));
  to->close -= (uint32_t)__builtin_reduce_add(counts & (apart != 0) & (apart <= near * step));
}

TARGET static mt_agreement NAME(agree)(const float *first, const float *second, const float *const *others,
                                       size_t other_count, size_t count, float unit, float near, float clear) {
  mt_agreement sum = {0, 0, 0};
  size_t at = 0;
  for (; at + LANES <= count; at += LANES)
    NAME(agree_in)(first, second, others, other_count, at, LANES, unit, near, clear, &sum);
  if (at < count) NAME(agree_in)(first, second, others, other_count, at, count - at, unit, near, clear, &sum);
  return sum;
}

#undef AT
#undef EIGENVALUES
#undef ROWS
#undef WIDE
#undef DOUBLES
#undef WHOLE
#undef ANY
#undef PAIRS
#undef PAIR
#undef PAIRED
#undef WIDER
