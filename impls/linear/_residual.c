// z - y.

static double residual(double z, double y) { return z - y; }
