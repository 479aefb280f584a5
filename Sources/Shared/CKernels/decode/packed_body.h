// Packed codes as floats, and what scales make of them, for one instruction set; see mt_decode_stream and mt_affine in
// mt_kernels.h.

// Whole numbers of `bits` bits each, 2 to 8, packed as one little-endian stream: `bits` bytes hold eight of them.
TARGET static void NAME(decode_stream)(const void *from, float *to, size_t eights, int bits) {
  typedef uint64_t LONGS __attribute__((ext_vector_type(8)));
  typedef float EIGHT __attribute__((ext_vector_type(8), aligned(4)));
  typedef int32_t INTS __attribute__((ext_vector_type(8)));
  const char *bytes = (const char *)from;
  LONGS shifts = {0, 1, 2, 3, 4, 5, 6, 7};
  shifts *= (uint64_t)bits;
  LONGS mask = (LONGS)((1u << bits) - 1);
  for (size_t e = 0; e < eights; e++, bytes += bits) {
    uint64_t word = 0;
    // Eight bytes at a time, but for the last that would go beyond the end.
    if ((eights - e) * (size_t)bits >= sizeof word) memcpy(&word, bytes, sizeof word);
    else memcpy(&word, bytes, (size_t)bits);
    LONGS parts = ((LONGS)word >> shifts) & mask;
    *(EIGHT *)(to + 8 * e) = __builtin_convertvector(__builtin_convertvector(parts, INTS), EIGHT);
  }
}

// Words of eight numbers of four bits; `shifts` says where in its word each of them starts.
TARGET static void NAME(decode_fours)(const void *from, float *to, size_t words, const uint32_t *shifts) {
  typedef uint32_t WORDS __attribute__((ext_vector_type(8)));
  typedef int32_t INTS __attribute__((ext_vector_type(8)));
  typedef float EIGHT __attribute__((ext_vector_type(8), aligned(4)));
  const char *bytes = (const char *)from;
  WORDS places;
  memcpy(&places, shifts, sizeof places);
  for (size_t w = 0; w < words; w++, bytes += 4) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    WORDS parts = ((WORDS)word >> places) & 15;
    *(EIGHT *)(to + 8 * w) = __builtin_convertvector((INTS)parts, EIGHT);
  }
}

// Signed numbers of four bits, two to a byte, the lower half first. The compiler makes vectors of these loops.
TARGET static void NAME(decode_i4)(const void *from, float *to, size_t bytes) {
  const uint8_t *codes = (const uint8_t *)from;
  for (size_t p = 0; p < bytes; p++) {
    // Of the two halves, 8 stands for -8.
    to[2 * p] = (float)((int32_t)((codes[p] & 15) ^ 8) - 8);
    to[2 * p + 1] = (float)((int32_t)((codes[p] >> 4) ^ 8) - 8);
  }
}

// Of bytes, or of little-endian words of 32 bits, the bits of `mask` from bit `shift` on.
TARGET static void NAME(decode_field8)(const void *from, float *to, size_t count, unsigned shift, uint32_t mask) {
  const uint8_t *codes = (const uint8_t *)from;
  for (size_t p = 0; p < count; p++) to[p] = (float)(int32_t)((uint32_t)codes[p] >> shift & mask);
}

TARGET static void NAME(decode_field32)(const void *from, float *to, size_t count, unsigned shift, uint32_t mask) {
  typedef uint32_t WORD __attribute__((aligned(1), may_alias));
  const WORD *codes = (const WORD *)from;
  for (size_t p = 0; p < count; p++) to[p] = (float)(int32_t)(codes[p] >> shift & mask);
}

// Words of eight indices of four bits into a table of 16 numbers.
TARGET static void NAME(decode_table)(const void *from, float *to, size_t words, const uint32_t *shifts,
                                      const float *table) {
  const char *bytes = (const char *)from;
  size_t w = 0;
#if LANES == 16
  __m512 all = _mm512_loadu_ps(table);
  __m512i places = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)shifts));
  __m512i halves = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  for (; w + 2 <= words; w += 2, bytes += 8) {
    __m512i pair = _mm512_castsi128_si512(_mm_loadl_epi64((const __m128i *)bytes));
    __m512i parts = _mm512_srlv_epi32(_mm512_permutexvar_epi32(halves, pair), places);
    _mm512_storeu_ps(to + 8 * w, _mm512_permutexvar_ps(parts, all));
  }
#elif LANES == 8
  __m256 low = _mm256_loadu_ps(table), high = _mm256_loadu_ps(table + 8);
  __m256i places = _mm256_loadu_si256((const __m256i *)shifts);
  for (; w < words; w++, bytes += 4) {
    int32_t word;
    memcpy(&word, bytes, sizeof word);
    __m256i parts = _mm256_srlv_epi32(_mm256_set1_epi32(word), places);
    // The fourth bit of an index becomes the sign by which the half of the table is chosen.
    __m256 half = _mm256_castsi256_ps(_mm256_slli_epi32(parts, 28));
    _mm256_storeu_ps(to + 8 * w, _mm256_blendv_ps(_mm256_permutevar8x32_ps(low, parts),
                                                  _mm256_permutevar8x32_ps(high, parts), half));
  }
#endif
  for (; w < words; w++, bytes += 4) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    for (int k = 0; k < 8; k++) to[8 * w + k] = table[word >> shifts[k] & 15];
  }
}

// Numbers in groups of `width`: each becomes (number - zero) * scale + bias of its group, with a rounding after every
// step. Where there is no zero or no bias, the step is left out.
#define AFFINE_STEP(v, s, z, b) \
  do {                          \
    if (z) v -= *(z);           \
    v *= *(s);                  \
    if (b) v += *(b);           \
  } while (0)

TARGET static void NAME(affine)(float *numbers, size_t groups, size_t width, const float *scale, const float *zero,
                                const float *bias) {
#pragma STDC FP_CONTRACT OFF
  typedef CAT(NAME(vf), _) FLOATS;
  for (size_t g = 0; g < groups; g++, numbers += width) {
    const float *s = scale + g, *z = zero ? zero + g : NULL, *b = bias ? bias + g : NULL;
    size_t p = 0;
    for (; p + LANES <= width; p += LANES) {
      FLOATS v = *(const FLOATS *)(numbers + p);
      AFFINE_STEP(v, s, z, b);
      *(FLOATS *)(numbers + p) = v;
    }
    for (; p < width; p++) AFFINE_STEP(numbers[p], s, z, b);
  }
}

// The same with a scale, a zero and a bias for each number.
TARGET static void NAME(affine_each)(float *numbers, size_t count, const float *scale, const float *zero,
                                     const float *bias) {
#pragma STDC FP_CONTRACT OFF
  typedef CAT(NAME(vf), _) FLOATS;
  size_t p = 0;
  for (; p + LANES <= count; p += LANES) {
    const FLOATS *s = (const FLOATS *)(scale + p), *z = zero ? (const FLOATS *)(zero + p) : NULL,
                 *b = bias ? (const FLOATS *)(bias + p) : NULL;
    FLOATS v = *(const FLOATS *)(numbers + p);
    AFFINE_STEP(v, s, z, b);
    *(FLOATS *)(numbers + p) = v;
  }
  for (; p < count; p++) {
    const float *s = scale + p, *z = zero ? zero + p : NULL, *b = bias ? bias + p : NULL;
    AFFINE_STEP(numbers[p], s, z, b);
  }
}
#undef AFFINE_STEP
