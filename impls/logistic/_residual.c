// sigmoid(z) - y: exp only ever sees numbers that are not positive.

#include <math.h>

static double residual(double z, double y)
{
    double decay = exp(-fabs(z));
    return (z >= 0 ? 1 : decay) / (1 + decay) - y;
}
