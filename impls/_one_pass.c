// The gradient as one writes it in C: one pass, private sums, OpenMP. Compiled by _c.py, which puts
// the problem's `residual(z, y)` in front.

#include <omp.h>
#include <stddef.h>
#include <stdlib.h>

// Values of X below which starting the threads takes longer than the loop.
enum { ALONE = 1 << 14 };

#ifdef _WIN32
__declspec(dllexport)
#endif
void set_threads(int n_threads) { omp_set_num_threads(n_threads); }

// Adds the gradient to `total`; returns whether there was memory for the sums.
#ifdef _WIN32
__declspec(dllexport)
#endif
int add_gradient(const double *weights, const double *X, const double *y, ptrdiff_t n_samples,
                 ptrdiff_t n_features, double *total)
{
    int enough = 1;
#pragma omp parallel if (n_samples * n_features > ALONE)
    {
        double *sums = calloc(n_features, sizeof *sums);
        if (!sums) {
#pragma omp atomic write
            enough = 0;
        }
#pragma omp for schedule(static)
        for (ptrdiff_t i = 0; i < n_samples; i++) {
            if (!sums)
                continue;
            const double *x = X + i * n_features;
            double z = 0;
#pragma omp simd reduction(+ : z)
            for (ptrdiff_t j = 0; j < n_features; j++)
                z += weights[j] * x[j];
            double factor = residual(z, y[i]);
#pragma omp simd
            for (ptrdiff_t j = 0; j < n_features; j++)
                sums[j] += factor * x[j];
        }
        if (sums) {
#pragma omp critical
            for (ptrdiff_t j = 0; j < n_features; j++)
                total[j] += sums[j];
        }
        free(sums);
    }
    return enough;
}
