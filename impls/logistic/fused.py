"""One pass: a loop reads rows and adds earlier ones that are still in cache; on all threads.

Passes over X: 1; up to 96 KB it is read, and then added. Temporaries: a gradient of d values and 1
KB per thread, 4 KB of the smallest X. Order of additions: 8 rows at a time (4 where they are long,
2 and 1 of what is left over), in each thread's share of the samples, then share by share; within an
inner product as the vector registers give it. Of few long rows threads share out the features, and
each inner product is the sum of their parts. An X that fits in cache is copied in prepare if it
does not begin with a cache line.
Source: the logistic-gradient text's remark that the algorithm is limited by memory bandwidth and
that a higher speed-up is likely possible.
"""

from impls._onepass.threads import fused_gradient, ready
from impls._onepass.vectors import move_alone

REQUIRES = "numba"
MOVES_ALONE = move_alone

prepare = ready
gradient = fused_gradient
