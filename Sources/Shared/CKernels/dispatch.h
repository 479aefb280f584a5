#pragma once
#include "mt_kernels.h"

// One variant of all kernels; the best one for this processor is taken at run time.
struct mt_kernels {
  const char *name;
  void (*pairs_f32)(const float *const *, size_t, size_t, size_t, mt_fetch *, double *, double *, double *);
  void (*pairs_f64)(const double *const *, size_t, size_t, size_t, mt_fetch *, double *, double *, double *);
  double (*rate_f32)(size_t, size_t, int);
  double (*rate_f64)(size_t, size_t, int);
  int (*take_f32)(const void *, float *, size_t, mt_fetch *, mt_shifted_moments *);
  int (*take_bf16)(const void *, float *, size_t, mt_fetch *, mt_shifted_moments *);
  int (*take_f16)(const void *, float *, size_t, mt_fetch *, mt_shifted_moments *);
  void (*extremes_f32)(const float *const *, size_t, size_t, double *, double *);
  void (*extremes_f64)(const double *const *, size_t, size_t, double *, double *);
  void (*fold_f32)(const float *, const float *, double *, size_t);
  void (*fold_f64)(const double *, const float *, double *, size_t);
  double (*energy_f32)(const float *, size_t);
  double (*energy_f64)(const double *, size_t);
  void (*add_collinear)(const double *, const double *, const double *, const double *, size_t, double *, double *);
  mt_run_moments (*moments_f32)(const float *, size_t);
  mt_run_moments (*moments_f64)(const double *, size_t);
  void (*decode_f16)(const void *, float *, size_t);
  void (*decode_bf16)(const void *, float *, size_t);
  void (*decode_e4m3)(const void *, float *, size_t);
  void (*decode_e5m2)(const void *, float *, size_t);
  void (*decode_blocks)(mt_blocks, const void *, float *, size_t);
  void (*decode_stream)(const void *, float *, size_t, int);
  void (*decode_fours)(const void *, float *, size_t, const uint32_t *);
  void (*decode_i4)(const void *, float *, size_t);
  void (*decode_field8)(const void *, float *, size_t, unsigned, uint32_t);
  void (*decode_field32)(const void *, float *, size_t, unsigned, uint32_t);
  void (*decode_table)(const void *, float *, size_t, const uint32_t *, const float *);
  void (*affine)(float *, size_t, size_t, const float *, const float *, const float *);
  void (*affine_each)(float *, size_t, const float *, const float *, const float *);
  void (*gather_f16)(const void *, const uint32_t *, size_t, float *);
  void (*gather_bf16)(const void *, const uint32_t *, size_t, float *);
  void (*widen_f32_f64)(const float *, double *, size_t);
  void (*weigh)(const float *, const float *, const uint32_t *, size_t, float *);
  double (*log_likelihood)(const mt_fit *, size_t, const double *, const double *, size_t);
  void (*spreads)(const mt_submatrices *, const mt_scaled_pair *, size_t, double *);
  mt_agreement (*agree)(const float *, const float *, const float *const *, size_t, size_t, float, float, float);
  void (*squares_f32)(const float *, size_t, int, int, double *);
  void (*squares_f64)(const double *, size_t, int, int, double *);
};

extern const struct mt_kernels mt_portable_kernels;
#if defined(__x86_64__)
extern const struct mt_kernels mt_avx2_kernels;
extern const struct mt_kernels mt_avx512_kernels;
#endif
