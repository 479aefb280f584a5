#pragma once
#include <cblas.h>

// LAPACK's singular values in single precision, the routine that numpy calls; OpenBLAS brings it along, but
// declares no prototype.
void sgesdd_(const char *jobz, const int *m, const int *n, float *a, const int *lda, float *s, float *u,
             const int *ldu, float *vt, const int *ldvt, float *work, const int *lwork, int *iwork,
             int *info);

// Descending singular values of the m x n column-major matrix `a` (overwritten) into `s`. `iwork` holds
// 8 min(m, n) numbers; `lwork` < 0 asks for the best length of `work`, which goes into work[0].
// Returns LAPACK's info: 0 when all is well.
static inline int cblas_shim_singular_values(int m, int n, float *a, float *s, float *work, int lwork,
                                             int *iwork) {
  int one = 1, info = 0;
  float none = 0;
  sgesdd_("N", &m, &n, a, &m, s, &none, &one, &none, &one, work, &lwork, iwork, &info);
  return info;
}
