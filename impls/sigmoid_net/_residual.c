// (s - y) s (1 - s) for s = sigmoid(z): exp only ever sees numbers that are not positive, and neither
// s nor 1 - s is a difference.

#include <math.h>

static double residual(double z, double y)
{
    double decay = exp(-fabs(z));
    double upper = 1 / (1 + decay);
    double lower = decay * upper;
    return ((z >= 0 ? upper : lower) - y) * (upper * lower);
}
