"""`fused` on 8-bit levels: an eighth of the bytes, and float64's gradient of the same data.

For data that is 8-bit by nature, as pixels are, scaled or standardised as it may be; `prepare`
refuses other data. Passes over X: 1, of an eighth of the bytes. Scale and offset of each feature
are folded into the weights and into the sums. Order of additions: as `fused`, in float64. Large X
of 192 features and more (with AVX2, 40) is multiplied in whole numbers, whose sums are exact,
if the processor has AVX-512 VNNI, or AVX2 alone, and the weights are not too large: `_digits` says
how, and what it rounds. Its rows fill cache lines, which takes up to a third more bytes of 192
features, 2 % of 1,000, and nearly twice as many of 65; otherwise those of AVX2 fill vectors of 8.
Temporaries: a gradient of d values per thread, of one more if there are offsets, or of what fills
the lines, 4 KB, and a vector of as many values, weights or their digits.
Arithmetic is its limit, not memory: in float64, 8 levels take for each of their two uses a
widening, a conversion and a product, 6 instructions on 2 ports: 0.375 cycles a level, where memory
would bring one in 0.25 (10 GB/s for each core, at 2.5 GHz); in whole numbers 0.19 by count and 0.28
as measured, from the second-level cache.
Source: the logistic-gradient text's remark that the algorithm is limited by memory bandwidth.
"""

from impls._onepass.storage import as_levels

PREPARED_COPIES = 0.25
BYTES_PER_VALUE = 1
REQUIRES = "numba"


def prepare(X, y):
    X = as_levels(X)
    return X, X.ready(y)


def gradient(weights, X, y):
    return X.gradient(weights, y)
