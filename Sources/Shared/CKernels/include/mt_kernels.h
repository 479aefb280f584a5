#pragma once
#include <stddef.h>
#include <stdint.h>

// Inner loops of the comparison. Weights are taken in *runs* of at most MT_RUN consecutive
// coordinates of one tensor, for all models at once. Inside a run sums are kept in float lanes,
// at its end they are added to doubles; a fixed run length and a fixed order of additions make the
// result a function of the bytes alone.

#define MT_RUN 1024

// Bytes that a processor moves at a time.
#define MT_LINE 64

// Lane width and instruction set, chosen once at run time: "avx512", "avx2" or "portable".
const char *mt_instruction_set(void);

// Weights that are fetched from memory while others are summed: those of the rows that come next, row
// after row. A processor drops requests while too many are under way, and by itself it reads ahead
// only what is asked for in order; so each loop asks for a share that fits the time it takes.
typedef struct {
  const void *at;  // where the row goes on
  size_t bytes;    // of the part that is fetched
} mt_ahead;

typedef struct {
  const mt_ahead *row, *end;  // what is left; equal: nothing is fetched
  size_t offset;              // how much of the row has been fetched
  double rate;                // bytes per step of computation; see mt_rate_f32
} mt_fetch;

// The rate at which n rows of `bytes` per coordinate are fetched in the time of `mt_take` of all of them
// and `mt_pairs_f32`; `norms`: with l1 or max.
double mt_rate_f32(size_t n, size_t bytes, int norms);
double mt_rate_f64(size_t n, size_t bytes, int norms);

// Adds, for every pair i < j of the n rows, to
//   l2[p]      sum of (x - y)^2
//   l1[p]      sum of |x - y|        (NULL: not wanted)
//   max[p]     max of |x - y|        (NULL: not wanted; combined by maximum)
// where p counts the pairs row by row: (0,1) (0,2) ... (0,n-1) (1,2) ...
// Rows need no alignment. They are taken in runs of `run` <= MT_RUN, the last one may be shorter.
// A NaN in a row makes all sums with that row NaN.
void mt_pairs_f32(const float *const *rows, size_t n, size_t count, size_t run, mt_fetch *fetch, double *l2, double *l1,
                  double *max);
void mt_pairs_f64(const double *const *rows, size_t n, size_t count, size_t run, mt_fetch *fetch, double *l2,
                  double *l1, double *max);

// Lowers low[p] and raises high[p] to the least and the largest x - y of every pair i < j of the n
// rows, x of row i. NaN passes unseen.
void mt_extremes_f32(const float *const *rows, size_t n, size_t count, double *low, double *high);
void mt_extremes_f64(const double *const *rows, size_t n, size_t count, double *low, double *high);

// to[p] += signs[p] * row[p], in double; the signs are 1 or -1, so that every product is exact.
void mt_fold_f32(const float *row, const float *signs, double *to, size_t count);
void mt_fold_f64(const double *row, const float *signs, double *to, size_t count);

// Looks for pairs of rows that are collinear up to rounding: one is the other, shrunk by weight
// decay. With |x - y|^2 in gaps[p], the norms of the rows and their logarithms,
//   2 |x| |y| (1 - cosine) = |x - y|^2 - (|x| - |y|)^2;
// 1 - cosine below the larger of bounds[i], bounds[j] adds 1 to rows[p] and log(|y| / |x|) to
// shrinkage[p]. What float lanes may have lost of a gap (2^-23 of it) is granted. Rows of zeros
// have no direction and are never collinear, nor are rows whose norms differ by a factor of 1000.
void mt_add_collinear(const double *gaps, const double *norms, const double *logs, const double *bounds, size_t n,
                      double *rows, double *shrinkage);

// Sum of squares of a row, in double.
double mt_energy_f32(const float *row, size_t count);
double mt_energy_f64(const double *row, size_t count);

// Sums of powers of (x - shift) over a row. First and second powers are taken and summed in double;
// third and fourth ones in float lanes over each run, which leaves them six digits and more.
typedef struct {
  double shift;  // a float's value
  double count, s1, s2, s3, s4, min, max;
  uint64_t zeros;
} mt_shifted_moments;

// Numbers in memory as the kernels take them, little-endian.
typedef enum { MT_F32, MT_BF16, MT_F16, MT_F64 } mt_storage;

// Widens a row to floats at `to` (NULL: floats stay where they are) and adds its moments, in one pass.
// Goes by runs of `run` <= MT_RUN, until one comes that this way of summing does not suit: the mean of
// the run is more than a standard deviation off the shift, fourth powers leave the range of a float,
// or a weight is not finite. Returns the coordinates added; the next run is widened too, but
// its moments are left to `mt_moments_f32`.
// `storage` is not MT_F64.
size_t mt_take(mt_storage storage, const void *from, float *to, size_t count, size_t run, mt_fetch *fetch,
               mt_shifted_moments *moments);

// Sums of one row, about the row's own mean, so that nothing cancels.
typedef struct {
  double count, mean, m2, m3, m4, min, max;
  uint64_t zeros, not_finite;
} mt_run_moments;

mt_run_moments mt_moments_f32(const float *row, size_t count);
mt_run_moments mt_moments_f64(const double *row, size_t count);

// Numbers as floats: exact, but of MT_F64, which are rounded. Neither side needs an alignment.
void mt_decode(mt_storage storage, const void *from, float *to, size_t count);

// The same of single numbers: to[p] = row[columns[p]].
void mt_gather(mt_storage storage, const void *row, const uint32_t *columns, size_t count, float *to);

// Floats of one byte as the Open Compute Project defines them (OCP 8-bit Floating Point Specification,
// revision 1.0, 2023): exact. e4m3: no infinities, NaN is 0x7f and 0xff; e5m2: the upper byte of an f16.
void mt_decode_e4m3(const void *from, float *to, size_t count);
void mt_decode_e5m2(const void *from, float *to, size_t count);

// GGUF's blocks, as ggml's `dequantize_row_*` decode them (llama.cpp, ggml-quants.c), to the same bits: no weight is
// rounded more than once. `from` and `to` need no alignment.
typedef enum {
  MT_Q1_0,
  MT_Q4_0,
  MT_Q4_1,
  MT_Q5_0,
  MT_Q5_1,
  MT_Q8_0,
  MT_Q2_K,
  MT_Q3_K,
  MT_Q4_K,
  MT_Q5_K,
  MT_Q6_K,
  MT_Q8_K,
  MT_IQ1_S,
  MT_IQ1_M,
  MT_IQ2_XXS,
  MT_IQ2_XS,
  MT_IQ2_S,
  MT_IQ3_XXS,
  MT_IQ3_S,
  MT_IQ4_NL,
  MT_IQ4_XS,
  MT_TQ1_0,
  MT_TQ2_0,
  MT_MXFP4,
  MT_NVFP4,
} mt_blocks;
void mt_decode_blocks(mt_blocks format, const void *from, float *to, size_t blocks);

// Powers of two, as scales of the OCP Microscaling formats are stored (version 1.0, 2023): 2^(byte - 127), NaN for 255.
void mt_decode_e8m0(const void *from, float *to, size_t count);

// Bytes with and without a sign.
void mt_decode_i8(const void *from, float *to, size_t count);
void mt_decode_u8(const void *from, float *to, size_t count);

// Whole numbers of `bits` bits each, 2 to 8, packed as one little-endian stream: `bits` bytes hold eight of them.
void mt_decode_stream(const void *from, float *to, size_t eights, int bits);

// The same where bit k of the stream lies in one of three planes, `plane` bytes apart, each of which holds 32 bits of
// it for one column after the other: 32 numbers of 3 bits for every column, as GPTQ packs them.
void mt_decode_planes3(const void *from, size_t plane, float *to, size_t columns);

// Little-endian words of eight numbers of four bits; shifts[k] says where the k-th of them starts.
void mt_decode_fours(const void *from, float *to, size_t words, const uint32_t *shifts);

// The same as indices into a table of 16 numbers.
void mt_decode_table(const void *from, float *to, size_t words, const uint32_t *shifts, const float *table);

// Signed numbers of four bits, two to a byte, the lower half first.
void mt_decode_i4(const void *from, float *to, size_t bytes);

// Of bytes, or of little-endian words of 32 bits, the bits of `mask` from bit `shift` on.
void mt_decode_field8(const void *from, float *to, size_t count, unsigned shift, uint32_t mask);
void mt_decode_field32(const void *from, float *to, size_t count, unsigned shift, uint32_t mask);

// Numbers in groups of `width`: each becomes (number - zero) * scale + bias of its group, with a rounding after every
// step. zero and bias may be NULL, which leaves out the step.
void mt_affine(float *numbers, size_t groups, size_t width, const float *scale, const float *zero, const float *bias);

// The same with a scale, a zero and a bias for each number.
void mt_affine_each(float *numbers, size_t count, const float *scale, const float *zero, const float *bias);

// Floats as doubles, which is exact.
void mt_widen_f32_f64(const float *from, double *to, size_t count);

// to = sum over k < count of weights[k] * row rows[k] of terms; rows of 16, added in order with one
// rounding each (fused).
void mt_weigh(const float *terms, const float *weights, const uint32_t *rows, size_t count, float *to);

// A misfit that is quadratic in a shift, in four lanes that are summed over. Lane k's logarithm is
//   volume[k] - degrees / 2 * log(stiffness + max(0, constant[k] + s linear[k] + s^2 square[k])).
typedef struct {
  double constant[4], linear[4], square[4], volume[4];
  double degrees, stiffness, weight;
} mt_fit;

// The most shifts at a time.
#define MT_SHIFTS 64

// log of the sum over shifts of exp(logs[k] + sum over fits of weight * log of the fit's sum at
// shifts[k]), to about 1e-13; all numbers must be finite, and count at least 1.
double mt_log_likelihood(const mt_fit *fits, size_t fit_count, const double *shifts, const double *logs, size_t count);

// The same small matrix of many models; strides in floats.
typedef struct {
  const float *values;
  size_t model_stride, row_stride, column_stride;
  int rows, columns;
} mt_submatrices;

typedef struct {
  size_t first, second;
  double first_scale, second_scale;
} mt_scaled_pair;

// The longest side of a matrix.
#define MT_SPREAD_SIDE 64

// Nuclear over Frobenius norm of first_scale * first - second_scale * second for each pair, by the
// eigenvalues of the smaller Gram matrix; NaN where the difference is zero or not finite. Several
// pairs at a time.
void mt_spreads(const mt_submatrices *matrices, const mt_scaled_pair *pairs, size_t count, double *spreads);

// Squares of the singular values of `matrices` dense row-major matrices that lie one after the other: of each
// min(rows, columns), ascending. Eigenvalues of the smaller Gram matrix, right to 1e-14 of their sum; NaN
// where a number is not finite. The bits are the same with every instruction set (of doubles, with every one
// that fuses), and do not depend on what else is asked for.
void mt_squares_f32(const float *values, size_t matrices, int rows, int columns, double *squares);
void mt_squares_f64(const double *values, size_t matrices, int rows, int columns, double *squares);

// What the weights of two models say of each other, where those of their relatives tell what training moves.
typedef struct {
  uint32_t
      counted;     // weights in which half of the others, and one at least, are more than `clear` steps from the second
  uint32_t same;   // of these, equal in the two
  uint32_t close;  // different, by no more than `near` steps
} mt_agreement;

// A step is unit * |weight of the second|, in floats. What is not a number counts for nothing.
mt_agreement mt_agree(const float *first, const float *second, const float *const *others, size_t other_count,
                      size_t count, float unit, float near, float clear);
