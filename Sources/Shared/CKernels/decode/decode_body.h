// Stored bytes as floats, for one instruction set; see mt_decode in mt_kernels.h. The vectors here are also what
// fused loops widen by (see take_body.h): there is no other decoder of these formats.

typedef uint32_t CAT(NAME(words), _) __attribute__((ext_vector_type(LANES)));
typedef uint16_t CAT(NAME(shorts), _) __attribute__((ext_vector_type(LANES)));
typedef uint8_t CAT(NAME(bytes), _) __attribute__((ext_vector_type(LANES)));

TARGET static inline CAT(NAME(vf), _) NAME(from_bf16)(CAT(NAME(shorts), _) bits) {
  CAT(NAME(words), _) words = __builtin_convertvector(bits, CAT(NAME(words), _)) << 16;
  CAT(NAME(vf), _) v;
  memcpy(&v, &words, sizeof v);
  return v;
}

TARGET static inline CAT(NAME(vf), _) NAME(from_f16)(CAT(NAME(shorts), _) bits) {
#if defined(HALF_IN_HARDWARE)
  typedef _Float16 HALF __attribute__((ext_vector_type(LANES)));
  HALF half;
  memcpy(&half, &bits, sizeof half);
  return __builtin_convertvector(half, CAT(NAME(vf), _));
#else
  typedef CAT(NAME(words), _) WORDS;
  // Shift exponent and mantissa into place and scale by 2^112: exact, subnormals included.
  // Inf and NaN end up at 65536 and above, where their exponent is filled in.
  WORDS wide = __builtin_convertvector(bits, WORDS);
  WORDS magnitude = (wide & 0x7fff) << 13;
  CAT(NAME(vf), _) value;
  memcpy(&value, &magnitude, sizeof value);
  value *= 0x1p112f;
  WORDS words;
  memcpy(&words, &value, sizeof words);
  words |= (WORDS)(value >= 65536.0f) & 0x7f800000u;
  words |= (wide & 0x8000) << 16;
  memcpy(&value, &words, sizeof value);
  return value;
#endif
}

// The upper byte of an f16.
TARGET static inline CAT(NAME(vf), _) NAME(from_e5m2)(CAT(NAME(bytes), _) bits) {
  return NAME(from_f16)(__builtin_convertvector(bits, CAT(NAME(shorts), _)) << 8);
}

TARGET static inline CAT(NAME(vf), _) NAME(from_e4m3)(CAT(NAME(bytes), _) bits) {
  typedef CAT(NAME(words), _) WORDS;
  // As with f16: shift exponent and mantissa into place and scale by 2^120, which is exact.
  WORDS wide = __builtin_convertvector(bits, WORDS);
  WORDS magnitude = (wide & 0x7f) << 20;
  CAT(NAME(vf), _) value;
  memcpy(&value, &magnitude, sizeof value);
  value *= 0x1p120f;
  WORDS words;
  memcpy(&words, &value, sizeof words);
  words |= (WORDS)((wide & 0x7f) == 0x7f) & 0x7fc00000u;
  words |= (wide & 0x80) << 24;
  memcpy(&value, &words, sizeof value);
  return value;
}

// Rows of numbers of one size. Of the last vector, what the row lacks is zero and goes nowhere.
#define DECODE_ROW(SUFFIX, STORED)                                                           \
  TARGET static void NAME(decode_##SUFFIX)(const void *from, float *to, size_t count) {      \
    typedef STORED BITS __attribute__((ext_vector_type(LANES), aligned(1)));                 \
    typedef CAT(NAME(vf), _) FLOATS;                                                         \
    const char *bits = (const char *)from;                                                   \
    size_t p = 0;                                                                            \
    for (; p + LANES <= count; p += LANES)                                                   \
      *(FLOATS *)(to + p) = NAME(from_##SUFFIX)(*(const BITS *)(bits + p * sizeof(STORED))); \
    if (p == count) return;                                                                  \
    BITS rest = 0;                                                                           \
    memcpy(&rest, bits + p * sizeof(STORED), (count - p) * sizeof(STORED));                  \
    FLOATS v = NAME(from_##SUFFIX)(rest);                                                    \
    memcpy(to + p, &v, (count - p) * sizeof *to);                                            \
  }
DECODE_ROW(bf16, uint16_t)
DECODE_ROW(f16, uint16_t)
DECODE_ROW(e4m3, uint8_t)
DECODE_ROW(e5m2, uint8_t)

// Single numbers of a row of two bytes each.
#define GATHER_ROW(SUFFIX)                                                                                           \
  TARGET static void NAME(gather_##SUFFIX)(const void *row, const uint32_t *columns, size_t count, float *to) {      \
    typedef uint16_t BITS __attribute__((ext_vector_type(LANES)));                                                   \
    for (size_t p = 0; p < count; p += LANES) {                                                                      \
      size_t taken = count - p < LANES ? count - p : LANES;                                                          \
      uint16_t shorts[LANES] = {0};                                                                                  \
      for (size_t k = 0; k < taken; k++) memcpy(shorts + k, (const uint16_t *)row + columns[p + k], sizeof *shorts); \
      BITS bits;                                                                                                     \
      memcpy(&bits, shorts, sizeof bits);                                                                            \
      CAT(NAME(vf), _) v = NAME(from_##SUFFIX)(bits);                                                                \
      memcpy(to + p, &v, taken * sizeof *to);                                                                        \
    }                                                                                                                \
  }
GATHER_ROW(bf16)
GATHER_ROW(f16)

TARGET static void NAME(widen_f32_f64)(const float *from, double *to, size_t count) {
  for (size_t p = 0; p < count; p++) {
    float value;
    memcpy(&value, from + p, 4);
    to[p] = value;
  }
}
