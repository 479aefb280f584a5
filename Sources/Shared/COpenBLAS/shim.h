#pragma once
#include <cblas.h>

// LAPACK's eigenvalues of a symmetric matrix; OpenBLAS brings it along, but declares no prototype.
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
             double *work, const int *lwork, int *iwork, const int *liwork, int *info);

// Ascending eigenvalues of the n x n symmetric matrix `a` (column- or row-major, overwritten) into `w`.
// `work` holds 2 n + 1 doubles. Returns LAPACK's info: 0 when all is well.
static inline int cblas_shim_eigenvalues(int n, double *a, double *w, double *work) {
  int words = 2 * n + 1, one = 1, iwork = 0, info = 0;
  dsyevd_("N", "U", &n, a, &n, w, work, &words, &iwork, &one, &info);
  return info;
}
