// Squares of the singular values of many matrices of one shape: eigenvalues of the smaller Gram matrix;
// see mt_squares in mt_kernels.h. Each matrix is multiplied and reduced to a tridiagonal one by itself; the
// eigenvalues of these are found with a matrix per lane, since each step waits for the one before.
//
// The bits do not depend on the instruction set: an entry of the Gram matrix is one chain of additions of
// products, which are exact where the weights are floats; what is summed up across lanes, is so in eight of
// them whatever the length of a vector; and the rest says where it fuses.

#define WIDE CAT(NAME(vd), _)
#define DOUBLES (LANES / 2)
#define OCTET CAT(NAME(octet), _)
typedef double OCTET __attribute__((ext_vector_type(8), aligned(8)));

// Of the shorter side: columns that are packed together, and what the sides of a Gram matrix are filled up to.
#define BLOCK 8
#define FILLED(n) (((size_t)(n) + 15) / 16 * 16)
// Coordinates of the longer side that are packed at a time: three blocks of them stay in the first cache.
#define DEPTH 128

// Packs `count` <= DEPTH coordinates of the longer side, `n` of the shorter, as doubles: by blocks of eight of
// the shorter side, each coordinate by coordinate; zeros where the last block is not full. Neighbours along
// one side lie beside each other, along the other `stride` apart.
#define PACK(REAL, SUFFIX)                                                                                        \
  TARGET static void NAME(pack_tall_##SUFFIX)(const REAL *from, size_t stride, int n, size_t count, double *to) { \
    typedef REAL LINE __attribute__((ext_vector_type(BLOCK), aligned(sizeof(REAL))));                             \
    for (size_t k = 0; k < count; k++, from += stride, to += BLOCK) {                                             \
      int at = 0;                                                                                                 \
      for (; at + BLOCK <= n; at += BLOCK)                                                                        \
        *(OCTET *)(to + at * DEPTH) = __builtin_convertvector(*(const LINE *)(from + at), OCTET);                 \
      if (at == n) continue;                                                                                      \
      LINE rest = 0;                                                                                              \
      memcpy(&rest, from + at, (size_t)(n - at) * sizeof rest[0]);                                                \
      *(OCTET *)(to + at * DEPTH) = __builtin_convertvector(rest, OCTET);                                         \
    }                                                                                                             \
  }                                                                                                               \
  TARGET static void NAME(pack_wide_##SUFFIX)(const REAL *from, size_t stride, int n, size_t count, double *to) { \
    typedef REAL LINE __attribute__((ext_vector_type(BLOCK), aligned(sizeof(REAL))));                             \
    for (int at = 0; at < n; at += BLOCK, from += BLOCK * stride, to += BLOCK * DEPTH) {                          \
      int rows = n - at < BLOCK ? n - at : BLOCK;                                                                 \
      for (size_t k = 0; k < count; k += BLOCK) {                                                                 \
        LINE a[BLOCK], b[BLOCK];                                                                                  \
        size_t length = count - k < BLOCK ? count - k : BLOCK;                                                    \
        for (int r = 0; r < BLOCK; r++) {                                                                         \
          a[r] = 0;                                                                                               \
          if (r < rows && length == BLOCK) a[r] = *(const LINE *)(from + r * stride + k);                         \
          if (r < rows && length < BLOCK) memcpy(&a[r], from + r * stride + k, length * sizeof(REAL));            \
        }                                                                                                         \
        _Pragma("clang loop unroll(full)") for (int r = 0; r < BLOCK; r += 2) {                                   \
          b[r] = __builtin_shufflevector(a[r], a[r + 1], 0, 8, 2, 10, 4, 12, 6, 14);                              \
          b[r + 1] = __builtin_shufflevector(a[r], a[r + 1], 1, 9, 3, 11, 5, 13, 7, 15);                          \
        }                                                                                                         \
        _Pragma("clang loop unroll(full)") for (int r = 0; r < BLOCK / 2; r++) {                                  \
          int first = r / 2 * 4 + r % 2;                                                                          \
          a[first] = __builtin_shufflevector(b[first], b[first + 2], 0, 1, 8, 9, 4, 5, 12, 13);                   \
          a[first + 2] = __builtin_shufflevector(b[first], b[first + 2], 2, 3, 10, 11, 6, 7, 14, 15);             \
        }                                                                                                         \
        _Pragma("clang loop unroll(full)") for (int r = 0; r < BLOCK / 2; r++) {                                  \
          b[r] = __builtin_shufflevector(a[r], a[r + 4], 0, 1, 2, 3, 8, 9, 10, 11);                               \
          b[r + 4] = __builtin_shufflevector(a[r], a[r + 4], 4, 5, 6, 7, 12, 13, 14, 15);                         \
        }                                                                                                         \
        _Pragma("clang loop unroll(full)") for (int r = 0; r < BLOCK; r++) * (OCTET *)(to + (k + r) * BLOCK) =    \
            __builtin_convertvector(b[r], OCTET);                                                                 \
      }                                                                                                           \
    }                                                                                                             \
  }
PACK(float, f32)
PACK(double, f64)
#undef PACK

// Rows and vectors of a register tile of the Gram matrix; the rows divide a block.
#if LANES == 16
#define TILE_ROWS 8
#else
#define TILE_ROWS 4
#endif
#define TILE_WIDTH (2 * DOUBLES)

// Adds the products of `count` packed coordinates to the lower triangle of the Gram matrix, whole on its
// blocks of 8 x 8 and past them.
TARGET static void NAME(add_gram)(const double *packed, size_t count, int n, double *gram) {
  size_t stride = FILLED(n);
  for (int i = 0; i < n; i += TILE_ROWS) {
    const double *left = packed + (size_t)(i / BLOCK) * BLOCK * DEPTH + i % BLOCK;
    for (int j = 0; j <= i / BLOCK * BLOCK + BLOCK - 1; j += TILE_WIDTH) {
      const double *right[2];
      WIDE sums[TILE_ROWS][2];
      double *to = gram + (size_t)i * stride + j;
      for (int c = 0; c < 2; c++) {
        int column = j + c * DOUBLES;
        right[c] = packed + (size_t)(column / BLOCK) * BLOCK * DEPTH + column % BLOCK;
        for (int r = 0; r < TILE_ROWS; r++) sums[r][c] = *(const WIDE *)(to + r * stride + c * DOUBLES);
      }
      for (size_t k = 0; k < count; k++) {
        WIDE x = *(const WIDE *)(right[0] + k * BLOCK), y = *(const WIDE *)(right[1] + k * BLOCK);
        _Pragma("clang loop unroll(full)") for (int r = 0; r < TILE_ROWS; r++) {
          double factor = left[k * BLOCK + r];
          sums[r][0] += factor * x;
          sums[r][1] += factor * y;
        }
      }
      for (int r = 0; r < TILE_ROWS; r++)
        for (int c = 0; c < 2; c++) *(WIDE *)(to + r * stride + c * DOUBLES) = sums[r][c];
    }
  }
}

#define FMA __builtin_elementwise_fma

TARGET static inline double NAME(total)(const OCTET *of) {
  OCTET v = *of;
  typedef double FOUR __attribute__((ext_vector_type(4)));
  FOUR four = v.lo + v.hi;
  return (four[0] + four[2]) + (four[1] + four[3]);
}

// The totals of four vectors.
TARGET static inline void NAME(totals)(const OCTET *v, double *to) {
  typedef double FOUR __attribute__((ext_vector_type(4), aligned(8)));
  OCTET a = __builtin_shufflevector(v[0], v[1], 0, 8, 2, 10, 4, 12, 6, 14) +
            __builtin_shufflevector(v[0], v[1], 1, 9, 3, 11, 5, 13, 7, 15);
  OCTET b = __builtin_shufflevector(v[2], v[3], 0, 8, 2, 10, 4, 12, 6, 14) +
            __builtin_shufflevector(v[2], v[3], 1, 9, 3, 11, 5, 13, 7, 15);
  OCTET c = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +
            __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  *(FOUR *)to = c.lo + c.hi;
}

// Rows whose entries are taken together.
#define ROWS 4

// One step of the reduction below: takes v w' + w v' away from the first `rows` rows of the lower triangle,
// and adds the product of what is left and `next` to `product`, in one pass.
TARGET static void NAME(sweep)(double *a, size_t stride, int rows, const double *v, const double *w, const double *next,
                               double *product) {
  for (int i = 0; i < rows; i += ROWS) {
    double *row = a + (size_t)i * stride;
    OCTET sums[ROWS];
    for (int r = 0; r < ROWS; r++) sums[r] = 0;
    int diagonal = i / BLOCK * BLOCK;
    for (int j = 0; j < diagonal; j += BLOCK) {
      OCTET vs = *(const OCTET *)(v + j), ws = *(const OCTET *)(w + j), ns = *(const OCTET *)(next + j);
      OCTET own = *(const OCTET *)(product + j);
      _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) {
        OCTET *at = (OCTET *)(row + r * stride + j);
        OCTET entries = FMA((OCTET)-w[i + r], vs, FMA((OCTET)-v[i + r], ws, *at));
        *at = entries;
        sums[r] = FMA(entries, ns, sums[r]);
        own = FMA((OCTET)next[i + r], entries, own);
      }
      *(OCTET *)(product + j) = own;
    }
    // The block on the diagonal is whole.
    OCTET vs = *(const OCTET *)(v + diagonal), ws = *(const OCTET *)(w + diagonal);
    OCTET ns = *(const OCTET *)(next + diagonal);
    _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) {
      OCTET *at = (OCTET *)(row + r * stride + diagonal);
      OCTET entries = FMA((OCTET)-w[i + r], vs, FMA((OCTET)-v[i + r], ws, *at));
      *at = entries;
      sums[r] = FMA(entries, ns, sums[r]);
    }
    double totals[ROWS];
    NAME(totals)(sums, totals);
    for (int r = 0; r < ROWS; r++) product[i + r] += totals[r];
  }
}

// Householder's reduction of a symmetric matrix to a tridiagonal one from the last row up: its diagonal, and
// squares beside it, each `step` numbers after the one before. `work` holds 4 * FILLED(n).
TARGET static void NAME(tridiagonal)(double *a, int n, double *work, double *diagonal, double *squares, size_t step) {
  _Pragma("STDC FP_CONTRACT OFF") static const double ones[2 * BLOCK] = {1, 1, 1, 1, 1, 1, 1, 1};
  size_t stride = FILLED(n);
  double *v = work, *w = v + stride, *next = w + stride, *product = next + stride;
  memset(work, 0, 4 * stride * sizeof *work);
  for (int m = n - 1; m >= 0; m--) {
    // What the step before takes away from this row, whose first m entries are to be turned into one.
    double *row = a + (size_t)m * stride;
    for (int j = 0; j <= m; j += BLOCK) {
      OCTET entries = FMA((OCTET)-w[m], *(OCTET *)(v + j), FMA((OCTET)-v[m], *(OCTET *)(w + j), *(OCTET *)(row + j)));
      *(OCTET *)(row + j) = entries;
    }
    diagonal[(size_t)m * step] = row[m];
    if (m == 0) break;
    double last = row[m - 1];
    row[m - 1] = 0;
    OCTET sums[2] = {0, 0};
    for (int j = 0; j < m; j += BLOCK) {
      OCTET entries = *(OCTET *)(row + j);
      if (m - j < BLOCK) entries *= *(const OCTET *)(ones + BLOCK - (m - j));
      *(OCTET *)(next + j) = entries;
      sums[j / BLOCK % 2] = FMA(entries, entries, sums[j / BLOCK % 2]);
      *(OCTET *)(product + j) = 0;
    }
    sums[0] += sums[1];
    double rest = NAME(total)(sums);
    double square = last * last + rest;
    squares[(size_t)(m - 1) * step] = square;
    double norm = sqrt(square);
    next[m - 1] = last > 0 ? last + norm : last - norm;
    double length = next[m - 1] * next[m - 1] + rest;
    // Of a trace near 1, what is smaller is nothing.
    double t = length > 1e-280 ? 2 / length : 0;
    NAME(sweep)(a, stride, m, v, w, next, product);
    OCTET inner = 0;
    for (int j = 0; j < m; j += BLOCK) {
      OCTET line = t * *(OCTET *)(product + j);
      if (m - j < BLOCK) line *= *(const OCTET *)(ones + BLOCK - (m - j));
      *(OCTET *)(w + j) = line;
      inner = FMA(line, *(OCTET *)(next + j), inner);
    }
    OCTET part = -0.5 * t * NAME(total)(&inner);
    for (int j = 0; j < m; j += BLOCK) *(OCTET *)(w + j) = FMA(part, *(OCTET *)(next + j), *(OCTET *)(w + j));
    double *used = v;
    v = next;
    next = used;
  }
}

// Scales by a power of two, so that the trace is near 1; NaN becomes of all where it is not finite.
//
// Returns the exponent that takes it back.
TARGET static int NAME(scale)(double *gram, int n) {
  size_t stride = FILLED(n);
  double trace = 0;
  for (int i = 0; i < n; i++) trace += gram[(size_t)i * stride + i];
  int exponent = 0;
  frexp(trace, &exponent);
  exponent = exponent < -1000 ? -1000 : exponent > 1000 ? 1000 : exponent;
  double factor = isfinite(trace) ? ldexp(1, -exponent) : NAN;
  for (size_t p = 0; p < (size_t)n * stride; p += BLOCK) *(OCTET *)(gram + p) *= factor;
  return exponent;
}

// Eigenvalues of Gram matrices from their tridiagonal forms, ascending; exponents as they were scaled.
TARGET static void NAME(sorted)(const WIDE *diagonal, int lane, int n, int exponent, double *to) {
  for (int i = 0; i < n; i++) {
    double value = ldexp(diagonal[i][lane], exponent);
    int at = i;
    // They come nearly in order.
    for (; at > 0 && to[at - 1] > value; at--) to[at] = to[at - 1];
    to[at] = value < 0 ? 0 : value;
  }
}

#define SQUARES(REAL, SUFFIX)                                                                                      \
  TARGET static void NAME(squares_##SUFFIX)(const REAL *values, size_t matrices, int rows, int columns,            \
                                            double *squares) {                                                     \
    int n = rows < columns ? rows : columns, inner = rows < columns ? columns : rows;                              \
    if (n <= 0) return;                                                                                            \
    size_t side = FILLED(n);                                                                                       \
    double *gram = aligned_alloc(64, (side * side + side * DEPTH + 4 * side + 2 * side * DOUBLES) * sizeof *gram); \
    if (!gram) abort();                                                                                            \
    double *packed = gram + side * side, *work = packed + side * DEPTH;                                            \
    WIDE *diagonal = (WIDE *)(work + 4 * side), *beside = diagonal + side;                                         \
    for (size_t first = 0; first < matrices; first += DOUBLES) {                                                   \
      int exponents[DOUBLES], count = matrices - first < DOUBLES ? (int)(matrices - first) : DOUBLES;              \
      for (int i = 0; i < n; i++) diagonal[i] = beside[i] = 0;                                                     \
      for (int lane = 0; lane < count; lane++) {                                                                   \
        const REAL *from = values + (first + lane) * (size_t)rows * columns;                                       \
        memset(gram, 0, side * side * sizeof *gram);                                                               \
        memset(packed, 0, side * DEPTH * sizeof *packed);                                                          \
        for (int k = 0; k < inner; k += DEPTH) {                                                                   \
          size_t length = inner - k < DEPTH ? inner - k : DEPTH;                                                   \
          if (rows > columns) NAME(pack_tall_##SUFFIX)(from + (size_t)k * columns, columns, n, length, packed);    \
          else NAME(pack_wide_##SUFFIX)(from + k, columns, n, length, packed);                                     \
          NAME(add_gram)(packed, length, n, gram);                                                                 \
        }                                                                                                          \
        exponents[lane] = NAME(scale)(gram, n);                                                                    \
        NAME(tridiagonal)(gram, n, work, (double *)diagonal + lane, (double *)beside + lane, DOUBLES);             \
      }                                                                                                            \
      NAME(eigenvalues)(diagonal, beside, n);                                                                      \
      for (int lane = 0; lane < count; lane++)                                                                     \
        NAME(sorted)(diagonal, lane, n, exponents[lane], squares + (first + lane) * n);                            \
    }                                                                                                              \
    free(gram);                                                                                                    \
  }
SQUARES(float, f32)
SQUARES(double, f64)

#undef WIDE
#undef DOUBLES
#undef OCTET
#undef BLOCK
#undef FILLED
#undef DEPTH
#undef PACK
#undef TILE_ROWS
#undef TILE_WIDTH
#undef FMA
#undef ROWS
#undef SQUARES
