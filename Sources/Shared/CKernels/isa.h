// The kernel bodies, compiled once per instruction set. An includer defines
//   NAME(x)  symbol of this variant      TARGET  function attribute
//   LANES    floats per vector
//   STREAMS  vectors whose moments are summed in turn
//   TI, TJ   rows and columns of a register tile (equal), TN the same where norms are asked for
#include "mt_kernels.h"
#include "decode/grids.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Rows of a band: with runs of 4 KiB they take a quarter of a MiB.
#define BAND 60

// Blocks of pairs, or runs of one, that may be summed in turn.
#define SETS 4

// Loops over registers.
#define UNROLLED _Pragma("clang loop unroll(full)")

#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)

// Steps of computation, about half a processor cycle each: a vector's moments, and a vector of each
// row of a tile.
#define TAKE_COST 8
#define COST(pairs, norms) (2 + ((pairs) < 8 ? 8 : (int)(pairs)) * ((norms) ? 3 : 1))

// A loop's share of what is fetched.
typedef struct {
  const char *at, *end;
  size_t pace;  // bytes per round of the loop
  const mt_ahead *row, *last;
} NAME(share);

// For rounds of `cost` steps each. What is at hand stands in where nothing is left to be fetched.
TARGET static inline NAME(share) NAME(begin)(const mt_fetch *fetch, int cost, const void *at_hand) {
  NAME(share) share = {(const char *)at_hand, NULL, 0, NULL, NULL};
  if (!fetch || fetch->row == fetch->end) return share;
  share.row = fetch->row, share.last = fetch->end;
  share.at = (const char *)share.row->at + fetch->offset;
  share.end = (const char *)share.row->at + share.row->bytes;
  share.pace = (size_t)(fetch->rate * cost) + 1;
  return share;
}

// The rounds, at most `rounds`, until a row's end is reached.
TARGET static inline size_t NAME(rounds)(const NAME(share) * share, size_t rounds) {
  if (share->row == share->last) return rounds;
  size_t left = (size_t)(share->end - share->at) / share->pace + 1;
  return left < rounds ? left : rounds;
}

TARGET static inline void NAME(next_row)(NAME(share) * share) {
  if (share->at < share->end || share->row == share->last) return;
  if (++share->row == share->last) {
    share->pace = 0;
    return;
  }
  share->at = (const char *)share->row->at;
  share->end = share->at + share->row->bytes;
}

TARGET static inline void NAME(end)(NAME(share) share, mt_fetch *fetch) {
  if (!share.row) return;
  fetch->row = share.row;
  fetch->offset = share.row == share.last ? 0 : (size_t)(share.at - (const char *)share.row->at);
}

// ---- one element type at a time: REAL, VEC (vector of REAL), WIDTH (its length) -----------------

typedef float CAT(NAME(vf), _) __attribute__((ext_vector_type(LANES), aligned(4)));
typedef double CAT(NAME(vd), _) __attribute__((ext_vector_type(LANES / 2), aligned(8)));
typedef double CAT(NAME(four), _) __attribute__((ext_vector_type(4), aligned(8)));

#define REAL float
#define SUFFIX f32
#define VEC CAT(NAME(vf), _)
#define WIDTH LANES
#include "pairs/pairs_body.h"
#undef REAL
#undef SUFFIX
#undef VEC
#undef WIDTH

#define REAL double
#define SUFFIX f64
#define VEC CAT(NAME(vd), _)
#define WIDTH (LANES / 2)
#include "pairs/pairs_body.h"
#undef REAL
#undef SUFFIX
#undef VEC
#undef WIDTH

// ---- stored bytes as floats: the one place of every decoder ----------------------------------------

#include "decode/decode_body.h"
#include "decode/blocks_body.h"
#include "decode/packed_body.h"

// ---- moments of rows as they are stored ------------------------------------------------------------

#define VEC CAT(NAME(vf), _)
#define HALVES CAT(NAME(vd), _)

// The larger and the smaller of weights without signs. Their order is that of their bits, and wide
// vectors of whole numbers are compared in more places of a processor than floats.
TARGET static inline VEC NAME(larger)(VEC a, VEC b) {
#if LANES > 4
  typedef CAT(NAME(words), _) WORDS;
  return (VEC)__builtin_elementwise_max((WORDS)a, (WORDS)b);
#else
  return a > b ? a : b;
#endif
}

TARGET static inline VEC NAME(smaller)(VEC a, VEC b) {
#if LANES > 4
  typedef CAT(NAME(words), _) WORDS;
  return (VEC)__builtin_elementwise_min((WORDS)a, (WORDS)b);
#else
  return a < b ? a : b;
#endif
}

// Whether any lane is set.
typedef int CAT(NAME(mask), _) __attribute__((ext_vector_type(LANES)));
TARGET static inline int NAME(any)(CAT(NAME(mask), _) lanes) { return __builtin_reduce_or(lanes) != 0; }

#define STORED float
#define SUFFIX f32
#define WIDEN(v) (v)
#define IS_ZERO(w) ((w) == 0)
#define IN_PLACE
#define EXACT_SQUARES 0
#include "moments/take_body.h"
#undef STORED
#undef SUFFIX
#undef WIDEN
#undef IS_ZERO
#undef IN_PLACE
#undef EXACT_SQUARES

#define STORED uint16_t
#define EXACT_SQUARES 1
#define IS_ZERO(w) (((w) & 0x7fff) == 0)
#define SUFFIX bf16
#define WIDEN(v) NAME(from_bf16)(v)
#include "moments/take_body.h"
#undef SUFFIX
#undef WIDEN

#define SUFFIX f16
#define WIDEN(v) NAME(from_f16)(v)
#include "moments/take_body.h"
#undef STORED
#undef EXACT_SQUARES
#undef SUFFIX
#undef WIDEN
#undef IS_ZERO

#undef VEC
#undef HALVES

// See mt_add_collinear.
TARGET static void NAME(add_collinear)(const double *gaps, const double *norms, const double *logs,
                                       const double *bounds, size_t n, double *rows, double *shrinkage) {
  size_t p = 0;
  for (size_t i = 0; i < n; i++) {
    double norm = norms[i], log = logs[i], bound = bounds[i];
    for (size_t j = i + 1; j < n; j++, p++) {
      double shorter = norm - norms[j];
      double apart = gaps[p] * (1 - 0x1p-23) - shorter * shorter;
      double allowed = 2 * (bound > bounds[j] ? bound : bounds[j]) * norm * norms[j];
      // Of a gap against which the rows are tiny, what float lanes lose says more than the angle.
      int told = gaps[p] * 0x1p-23 < 1e-4 * norm * norms[j];
      int collinear = apart < allowed && told;
      rows[p] += collinear ? 1 : 0;
      shrinkage[p] += collinear ? logs[j] - log : 0;
    }
  }
}

#include "solve/lineage_body.h"
#include "spectrum/spectrum_body.h"

const struct mt_kernels NAME(kernels) = {
    .name = ISA_NAME,
    .pairs_f32 = NAME(pairs_f32),
    .pairs_f64 = NAME(pairs_f64),
    .rate_f32 = NAME(rate_f32),
    .rate_f64 = NAME(rate_f64),
    .take_f32 = NAME(take_f32),
    .take_bf16 = NAME(take_bf16),
    .take_f16 = NAME(take_f16),
    .extremes_f32 = NAME(extremes_f32),
    .extremes_f64 = NAME(extremes_f64),
    .fold_f32 = NAME(fold_f32),
    .fold_f64 = NAME(fold_f64),
    .energy_f32 = NAME(energy_f32),
    .energy_f64 = NAME(energy_f64),
    .add_collinear = NAME(add_collinear),
    .moments_f32 = NAME(moments_f32),
    .moments_f64 = NAME(moments_f64),
    .decode_f16 = NAME(decode_f16),
    .decode_bf16 = NAME(decode_bf16),
    .decode_e4m3 = NAME(decode_e4m3),
    .decode_e5m2 = NAME(decode_e5m2),
    .decode_blocks = NAME(decode_blocks),
    .decode_stream = NAME(decode_stream),
    .decode_fours = NAME(decode_fours),
    .decode_i4 = NAME(decode_i4),
    .decode_field8 = NAME(decode_field8),
    .decode_field32 = NAME(decode_field32),
    .decode_table = NAME(decode_table),
    .affine = NAME(affine),
    .affine_each = NAME(affine_each),
    .gather_f16 = NAME(gather_f16),
    .gather_bf16 = NAME(gather_bf16),
    .widen_f32_f64 = NAME(widen_f32_f64),
    .weigh = NAME(weigh),
    .log_likelihood = NAME(log_likelihood),
    .spreads = NAME(spreads),
    .agree = NAME(agree),
    .squares_f32 = NAME(squares_f32),
    .squares_f64 = NAME(squares_f64),
};
