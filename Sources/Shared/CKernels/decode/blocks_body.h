// GGUF's blocks as floats, for one instruction set; see mt_decode_blocks in mt_kernels.h. The layouts are those of
// llama.cpp (ggml-common.h, ggml-quants.c); `at` is where a block starts.
//
// In every format a weight is a small whole number times a scale, in some with an offset, and 16 neighbors at least
// share both. So each format unpacks 16 numbers at a time to signed bytes. Scales are of few digits: of a scale times
// a number a float loses nothing (except in Q8_K, which rounds once), and the sum with an offset is rounded once,
// fused or not: the bits are the same with every instruction set.

typedef uint8_t CAT(NAME(q16), _) __attribute__((ext_vector_type(16), aligned(1)));
typedef int8_t CAT(NAME(s16), _) __attribute__((ext_vector_type(16), aligned(1)));
typedef float CAT(NAME(f16x), _) __attribute__((ext_vector_type(16), aligned(4)));
#define Q16 CAT(NAME(q16), _)
#define S16 CAT(NAME(s16), _)
#define F16X CAT(NAME(f16x), _)
#define LOAD16(place) (*(const Q16 *)(place))

TARGET static inline uint16_t NAME(u16_at)(const uint8_t *at) {
  uint16_t bits;
  memcpy(&bits, at, sizeof bits);
  return bits;
}

TARGET static inline uint32_t NAME(u32_at)(const uint8_t *at) {
  uint32_t bits;
  memcpy(&bits, at, sizeof bits);
  return bits;
}

TARGET static inline float NAME(half)(uint16_t bits) { return NAME(from_f16)((CAT(NAME(shorts), _))bits)[0]; }

TARGET static inline float NAME(half_at)(const uint8_t *at) { return NAME(half)(NAME(u16_at)(at)); }

// 16 weights from 16 numbers.
TARGET static inline void NAME(put)(S16 numbers, float scale, float *to) {
  *(F16X *)to = scale * __builtin_convertvector(numbers, F16X);
}

TARGET static inline void NAME(put_from)(Q16 numbers, float scale, float offset, float *to) {
  *(F16X *)to = scale * __builtin_convertvector(numbers, F16X) + offset;
}

// Sixteen bits as bytes of all ones where a bit is set, the lowest bit first.
TARGET static inline S16 NAME(mask)(uint32_t bits) {
  uint64_t halves[2] = {(bits & 0xff) * 0x0101010101010101u, (bits >> 8 & 0xff) * 0x0101010101010101u};
  Q16 spread;
  memcpy(&spread, halves, sizeof spread);
  const Q16 places = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  return (S16)((spread & places) != 0);
}

// Numbers of a table of 16 by their indices, which are below 16.
TARGET static inline S16 NAME(looked_up)(const S16 *table, Q16 indices) {
#if defined(HALF_IN_HARDWARE)
  typedef char CHARS __attribute__((vector_size(16)));
  return (S16)__builtin_ia32_pshufb128((CHARS)*table, (CHARS)indices);
#else
  S16 numbers;
  for (int k = 0; k < 16; k++) numbers[k] = (*table)[indices[k]];
  return numbers;
#endif
}

// ---- blocks of 32 with one scale ----------------------------------------------------------------------

TARGET static inline void NAME(block_q4_0)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at);
  Q16 packed = LOAD16(at + 2);
  NAME(put)((S16)(packed & 15) - 8, scale, to);
  NAME(put)((S16)(packed >> 4) - 8, scale, to + 16);
}

TARGET static inline void NAME(block_q4_1)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at), offset = NAME(half_at)(at + 2);
  Q16 packed = LOAD16(at + 4);
  NAME(put_from)(packed & 15, scale, offset, to);
  NAME(put_from)(packed >> 4, scale, offset, to + 16);
}

TARGET static inline void NAME(block_q5_0)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at);
  uint32_t fifth = NAME(u32_at)(at + 2);
  Q16 packed = LOAD16(at + 6);
  NAME(put)((S16)((packed & 15) | ((Q16)NAME(mask)(fifth) & 16)) - 16, scale, to);
  NAME(put)((S16)((packed >> 4) | ((Q16)NAME(mask)(fifth >> 16) & 16)) - 16, scale, to + 16);
}

TARGET static inline void NAME(block_q5_1)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at), offset = NAME(half_at)(at + 2);
  uint32_t fifth = NAME(u32_at)(at + 4);
  Q16 packed = LOAD16(at + 8);
  NAME(put_from)((packed & 15) | ((Q16)NAME(mask)(fifth) & 16), scale, offset, to);
  NAME(put_from)((packed >> 4) | ((Q16)NAME(mask)(fifth >> 16) & 16), scale, offset, to + 16);
}

TARGET static inline void NAME(block_q8_0)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at);
  NAME(put)((S16)LOAD16(at + 2), scale, to);
  NAME(put)((S16)LOAD16(at + 18), scale, to + 16);
}

// Of 128: a bit for plus or minus the scale.
TARGET static inline void NAME(block_q1_0)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at);
  for (int k = 0; k < 8; k++) NAME(put)(-1 - 2 * NAME(mask)(NAME(u16_at)(at + 2 + 2 * k)), scale, to + 16 * k);
}

// ---- blocks of 256 whose parts have scales of their own -------------------------------------------------

TARGET static inline void NAME(block_q2_k)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at + 80), least = NAME(half_at)(at + 82);
  for (int g = 0; g < 16; g++) {
    Q16 packed = LOAD16(at + 16 + g / 8 * 32 + g % 2 * 16);
    NAME(put_from)(packed >> g % 8 / 2 * 2 & 3, scale * (at[g] & 15), -least * (at[g] >> 4), to + 16 * g);
  }
}

TARGET static inline void NAME(block_q3_k)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at + 108);
  const uint8_t *scales = at + 96;
  for (int g = 0; g < 16; g++) {
    int own = ((scales[g % 8] >> g / 8 * 4 & 15) | (scales[8 + g % 4] >> g / 4 * 2 & 3) << 4) - 32;
    Q16 packed = LOAD16(at + 32 + g / 8 * 32 + g % 2 * 16), third = LOAD16(at + g % 2 * 16);
    NAME(put)((S16)((packed >> g % 8 / 2 * 2 & 3) | (third >> g / 2 & 1) << 2) - 4, scale * own, to + 16 * g);
  }
}

// Scale and offset of eighth k: six bits each, of which those of the later four are in two places.
TARGET static inline void NAME(eighth)(const uint8_t *at, int k, float *scale, float *offset) {
  const uint8_t *packed = at + 4;
  int own = k < 4 ? packed[k] & 63 : (packed[k + 4] & 15) | packed[k - 4] >> 6 << 4;
  int least = k < 4 ? packed[k + 4] & 63 : packed[k + 4] >> 4 | packed[k] >> 6 << 4;
  *scale = NAME(half_at)(at) * own;
  *offset = -NAME(half_at)(at + 2) * least;
}

TARGET static inline void NAME(block_q4_k)(const uint8_t *at, float *to) {
  UNROLLED for (int k = 0; k < 8; k++) {
    float scale, offset;
    NAME(eighth)(at, k, &scale, &offset);
    for (int h = 0; h < 2; h++) {
      Q16 packed = LOAD16(at + 16 + k / 2 * 32 + 16 * h);
      NAME(put_from)(packed >> k % 2 * 4 & 15, scale, offset, to + 32 * k + 16 * h);
    }
  }
}

TARGET static inline void NAME(block_q5_k)(const uint8_t *at, float *to) {
  UNROLLED for (int k = 0; k < 8; k++) {
    float scale, offset;
    NAME(eighth)(at, k, &scale, &offset);
    for (int h = 0; h < 2; h++) {
      Q16 packed = LOAD16(at + 48 + k / 2 * 32 + 16 * h), fifth = LOAD16(at + 16 + 16 * h);
      Q16 numbers = (packed >> k % 2 * 4 & 15) | (fifth >> k & 1) << 4;
      NAME(put_from)(numbers, scale, offset, to + 32 * k + 16 * h);
    }
  }
}

TARGET static inline void NAME(block_q6_k)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at + 208);
  UNROLLED for (int g = 0; g < 16; g++) {
    Q16 packed = LOAD16(at + g / 8 * 64 + g % 4 * 16), upper = LOAD16(at + 128 + g / 8 * 32 + g % 2 * 16);
    Q16 numbers = (packed >> g % 8 / 4 * 4 & 15) | (upper >> g % 8 / 2 * 2 & 3) << 4;
    NAME(put)((S16)numbers - 32, scale * (int8_t)at[192 + g], to + 16 * g);
  }
}

TARGET static inline void NAME(block_q8_k)(const uint8_t *at, float *to) {
  float scale;
  memcpy(&scale, at, sizeof scale);
  for (int g = 0; g < 16; g++) NAME(put)((S16)LOAD16(at + 4 + 16 * g), scale, to + 16 * g);
}

// ---- numbers of three values --------------------------------------------------------------------------

// Digits to base 3 are the upper ones of a fraction: a byte times 3^k, times 3, over 256.
TARGET static inline S16 NAME(digits)(Q16 packed) { return -1 - (S16)(packed > 85) - (S16)(packed > 170); }

TARGET static inline void NAME(block_tq1_0)(const uint8_t *at, float *to) {
  static const uint8_t powers[5] = {1, 3, 9, 27, 81};
  float scale = NAME(half_at)(at + 52);
  for (int k = 0; k < 10; k++)
    NAME(put)(NAME(digits)(LOAD16(at + k % 2 * 16) * powers[k / 2]), scale, to + 16 * k);
  for (int k = 0; k < 5; k++) NAME(put)(NAME(digits)(LOAD16(at + 32) * powers[k]), scale, to + 160 + 16 * k);
  uint32_t last = NAME(u32_at)(at + 48), copies[4] = {last, last, last, last};
  const Q16 fours = {1, 1, 1, 1, 3, 3, 3, 3, 9, 9, 9, 9, 27, 27, 27, 27};
  NAME(put)(NAME(digits)(LOAD16(copies) * fours), scale, to + 240);
}

TARGET static inline void NAME(block_tq2_0)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at + 64);
  for (int g = 0; g < 16; g++)
    NAME(put)((S16)(LOAD16(at + g / 8 * 32 + g % 2 * 16) >> g % 8 / 2 * 2 & 3) - 1, scale, to + 16 * g);
}

// ---- numbers of a table of 16 ---------------------------------------------------------------------------

// ggml's kvalues_iq4nl, and the numbers of 4 bits of the OCP Microscaling Formats (e2m1), doubled.
static const S16 NAME(iq4nl) = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
static const S16 NAME(e2m1) = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

TARGET static inline void NAME(block_iq4_nl)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at);
  Q16 packed = LOAD16(at + 2);
  NAME(put)(NAME(looked_up)(&NAME(iq4nl), packed & 15), scale, to);
  NAME(put)(NAME(looked_up)(&NAME(iq4nl), packed >> 4), scale, to + 16);
}

TARGET static inline void NAME(block_iq4_xs)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at);
  uint32_t upper = NAME(u16_at)(at + 2);
  for (int k = 0; k < 8; k++) {
    int own = (int)((at[4 + k / 2] >> k % 2 * 4 & 15) | (upper >> 2 * k & 3) << 4) - 32;
    Q16 packed = LOAD16(at + 8 + 16 * k);
    NAME(put)(NAME(looked_up)(&NAME(iq4nl), packed & 15), scale * own, to + 32 * k);
    NAME(put)(NAME(looked_up)(&NAME(iq4nl), packed >> 4), scale * own, to + 32 * k + 16);
  }
}

// The scale is a power of two, halved since the numbers are doubled; 2^-128 and 2^-127 are subnormal.
TARGET static inline void NAME(block_mxfp4)(const uint8_t *at, float *to) {
  uint32_t bits = at[0] < 2 ? 0x00200000u << at[0] : (uint32_t)(at[0] - 1) << 23;
  float scale;
  memcpy(&scale, &bits, sizeof scale);
  Q16 packed = LOAD16(at + 1);
  NAME(put)(NAME(looked_up)(&NAME(e2m1), packed & 15), scale, to);
  NAME(put)(NAME(looked_up)(&NAME(e2m1), packed >> 4), scale, to + 16);
}

// Scales of an e4m3 whose sign does not count, of 16 weights each; 0x7f is zero, as ggml has it.
TARGET static inline void NAME(block_nvfp4)(const uint8_t *at, float *to) {
  for (int k = 0; k < 4; k++) {
    int exponent = at[k] >> 3 & 15, fraction = at[k] & 7;
    uint32_t bits = (uint32_t)(exponent + 119) << 23 | (uint32_t)fraction << 20;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    if (exponent == 0) scale = (float)fraction * 0x1p-10f;
    if (at[k] == 0x7f) scale = 0;
    uint8_t numbers[16];
    for (int l = 0; l < 8; l++) {
      numbers[l] = at[4 + 8 * k + l] & 15;
      numbers[8 + l] = at[4 + 8 * k + l] >> 4;
    }
    NAME(put)(NAME(looked_up)(&NAME(e2m1), LOAD16(numbers)), scale, to + 16 * k);
  }
}

// ---- rows of grids --------------------------------------------------------------------------------------

// 16 numbers of rows of 8, or of 4.
TARGET static inline Q16 NAME(eights)(const uint64_t *grid, uint32_t first, uint32_t second) {
  uint64_t rows[2] = {grid[first], grid[second]};
  return LOAD16(rows);
}

TARGET static inline Q16 NAME(fours)(const uint32_t *grid, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  uint32_t rows[4] = {grid[a], grid[b], grid[c], grid[d]};
  return LOAD16(rows);
}

// Numbers with their signs; a bit that is set is a minus.
TARGET static inline S16 NAME(with_signs)(Q16 numbers, uint32_t signs) {
  S16 minus = NAME(mask)(signs);
  return ((S16)numbers ^ minus) - minus;
}

// Seven signs of eight: the last makes their number even.
TARGET static inline uint32_t NAME(eight_signs)(uint32_t seven) {
  return (seven & 127) | (uint32_t)__builtin_parity(seven & 127) << 7;
}

// Signs of half h of 32 weights: twice seven bits.
TARGET static inline uint32_t NAME(signs_of_half)(uint32_t packed, int h) {
  return NAME(eight_signs)(packed >> 14 * h) | NAME(eight_signs)(packed >> (14 * h + 7)) << 8;
}

TARGET static inline void NAME(block_iq2_xxs)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at);
  for (int k = 0; k < 8; k++) {
    const uint8_t *rows = at + 2 + 8 * k;
    uint32_t packed = NAME(u32_at)(rows + 4);
    float own = scale * (0.5f + (float)(packed >> 28)) * 0.25f;
    for (int h = 0; h < 2; h++) {
      Q16 numbers = NAME(eights)(mt_iq2xxs_grid, rows[2 * h], rows[2 * h + 1]);
      NAME(put)(NAME(with_signs)(numbers, NAME(signs_of_half)(packed, h)), own, to + 32 * k + 16 * h);
    }
  }
}

TARGET static inline void NAME(block_iq2_xs)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at);
  for (int g = 0; g < 16; g++) {
    uint32_t a = NAME(u16_at)(at + 2 + 4 * g), b = NAME(u16_at)(at + 4 + 4 * g);
    float own = scale * (0.5f + (float)(at[66 + g / 2] >> g % 2 * 4 & 15)) * 0.25f;
    Q16 numbers = NAME(eights)(mt_iq2xs_grid, a & 511, b & 511);
    uint32_t signs = NAME(eight_signs)(a >> 9) | NAME(eight_signs)(b >> 9) << 8;
    NAME(put)(NAME(with_signs)(numbers, signs), own, to + 16 * g);
  }
}

TARGET static inline void NAME(block_iq2_s)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at);
  for (int g = 0; g < 16; g++) {
    uint32_t upper = at[66 + g / 2] >> g % 2 * 4;
    float own = scale * (0.5f + (float)(at[74 + g / 2] >> g % 2 * 4 & 15)) * 0.25f;
    Q16 numbers =
        NAME(eights)(mt_iq2s_grid, at[2 + 2 * g] | (upper & 3) << 8, at[3 + 2 * g] | (upper >> 2 & 3) << 8);
    NAME(put)(NAME(with_signs)(numbers, NAME(u16_at)(at + 34 + 2 * g)), own, to + 16 * g);
  }
}

TARGET static inline void NAME(block_iq3_xxs)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at);
  for (int g = 0; g < 16; g++) {
    const uint8_t *rows = at + 2 + 4 * g;
    uint32_t packed = NAME(u32_at)(at + 66 + g / 2 * 4);
    float own = scale * (0.5f + (float)(packed >> 28)) * 0.5f;
    Q16 numbers = NAME(fours)(mt_iq3xxs_grid, rows[0], rows[1], rows[2], rows[3]);
    NAME(put)(NAME(with_signs)(numbers, NAME(signs_of_half)(packed, g % 2)), own, to + 16 * g);
  }
}

TARGET static inline void NAME(block_iq3_s)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at);
  for (int g = 0; g < 16; g++) {
    const uint8_t *rows = at + 2 + 4 * g;
    uint32_t upper = at[66 + g / 2] >> g % 2 * 4;
    float own = scale * (float)(1 + 2 * (at[106 + g / 4] >> g / 2 % 2 * 4 & 15));
    Q16 numbers = NAME(fours)(mt_iq3s_grid, rows[0] | (upper & 1) << 8, rows[1] | (upper >> 1 & 1) << 8,
                              rows[2] | (upper >> 2 & 1) << 8, rows[3] | (upper >> 3 & 1) << 8);
    NAME(put)(NAME(with_signs)(numbers, NAME(u16_at)(at + 74 + 2 * g)), own, to + 16 * g);
  }
}

// Rows in eighths, and an eighth more or less: an eighth of the scale makes weights of them.
TARGET static inline void NAME(block_iq1_s)(const uint8_t *at, float *to) {
  float scale = NAME(half_at)(at);
  for (int g = 0; g < 16; g++) {
    uint32_t packed = NAME(u16_at)(at + 34 + g / 2 * 2), upper = packed >> g % 2 * 6;
    float own = scale * (float)(2 * (packed >> 12 & 7) + 1) * 0.125f;
    Q16 numbers =
        NAME(eights)(mt_iq1s_grid, at[2 + 2 * g] | (upper & 7) << 8, at[3 + 2 * g] | (upper >> 3 & 7) << 8);
    NAME(put)((S16)numbers + (packed & 0x8000 ? -1 : 1), own, to + 16 * g);
  }
}

TARGET static inline void NAME(block_iq1_m)(const uint8_t *at, float *to) {
  // The scale of all is in the upper quarters of four words that hold those of the parts.
  uint32_t bits = 0;
  for (int k = 0; k < 4; k++) bits |= (uint32_t)(NAME(u16_at)(at + 48 + 2 * k) >> 12) << 4 * k;
  float scale = NAME(half)((uint16_t)bits);
  for (int g = 0; g < 16; g++) {
    uint32_t upper = at[32 + g];
    float own = scale * (float)(2 * (NAME(u16_at)(at + 48 + g / 4 * 2) >> g % 4 * 3 & 7) + 1) * 0.125f;
    Q16 numbers =
        NAME(eights)(mt_iq1s_grid, at[2 * g] | (upper & 7) << 8, at[2 * g + 1] | (upper >> 4 & 7) << 8);
    // Of each row: 1, or -1 where its bit is set.
    S16 eighth = 1 + 2 * NAME(mask)((upper >> 3 & 1) * 0xff | (upper >> 7 & 1) * 0xff00);
    NAME(put)((S16)numbers + eighth, own, to + 16 * g);
  }
}

#define DECODE_BLOCKS(FORMAT, SUFFIX, BYTES, NUMBERS)                                                         \
  case FORMAT:                                                                                                \
    for (size_t b = 0; b < blocks; b++) NAME(block_##SUFFIX)(at + b * (BYTES), to + b * (NUMBERS));           \
    return;

TARGET static void NAME(decode_blocks)(mt_blocks format, const void *from, float *to, size_t blocks) {
  const uint8_t *at = (const uint8_t *)from;
  switch (format) {
    DECODE_BLOCKS(MT_Q1_0, q1_0, 18, 128)
    DECODE_BLOCKS(MT_Q4_0, q4_0, 18, 32)
    DECODE_BLOCKS(MT_Q4_1, q4_1, 20, 32)
    DECODE_BLOCKS(MT_Q5_0, q5_0, 22, 32)
    DECODE_BLOCKS(MT_Q5_1, q5_1, 24, 32)
    DECODE_BLOCKS(MT_Q8_0, q8_0, 34, 32)
    DECODE_BLOCKS(MT_Q2_K, q2_k, 84, 256)
    DECODE_BLOCKS(MT_Q3_K, q3_k, 110, 256)
    DECODE_BLOCKS(MT_Q4_K, q4_k, 144, 256)
    DECODE_BLOCKS(MT_Q5_K, q5_k, 176, 256)
    DECODE_BLOCKS(MT_Q6_K, q6_k, 210, 256)
    DECODE_BLOCKS(MT_Q8_K, q8_k, 292, 256)
    DECODE_BLOCKS(MT_IQ1_S, iq1_s, 50, 256)
    DECODE_BLOCKS(MT_IQ1_M, iq1_m, 56, 256)
    DECODE_BLOCKS(MT_IQ2_XXS, iq2_xxs, 66, 256)
    DECODE_BLOCKS(MT_IQ2_XS, iq2_xs, 74, 256)
    DECODE_BLOCKS(MT_IQ2_S, iq2_s, 82, 256)
    DECODE_BLOCKS(MT_IQ3_XXS, iq3_xxs, 98, 256)
    DECODE_BLOCKS(MT_IQ3_S, iq3_s, 110, 256)
    DECODE_BLOCKS(MT_IQ4_NL, iq4_nl, 18, 32)
    DECODE_BLOCKS(MT_IQ4_XS, iq4_xs, 136, 256)
    DECODE_BLOCKS(MT_TQ1_0, tq1_0, 54, 256)
    DECODE_BLOCKS(MT_TQ2_0, tq2_0, 66, 256)
    DECODE_BLOCKS(MT_MXFP4, mxfp4, 17, 32)
    DECODE_BLOCKS(MT_NVFP4, nvfp4, 36, 64)
  }
}

#undef DECODE_BLOCKS
#undef LOAD16
#undef F16X
#undef S16
#undef Q16
