"""`fused` on 8-bit levels: an eighth of the bytes, and float64's gradient of the same data.

For data with at most 256 evenly spaced values per feature, as pixels have, scaled and standardised
or not; `prepare` refuses other data. The scale and offset of each feature are folded into the
weights and into the sums. Passes over X: 1, of an eighth of the bytes.
Order of additions: as `fused`, in float64; in integers where these pay.
A large X of at least 192 features (with AVX2: 40) is multiplied in integers, whose sums are exact,
if the processor has AVX-512 VNNI, or AVX2 and no AVX-512, and the weights are not too large:
`impls/_onepass/limbs.py` says how, and what it rounds. Its rows then fill cache lines, which adds a
third to the bytes of 192 features, 2 % at 1,000, and nearly doubles them at 65; with AVX2 alone,
other rows fill vectors of 8 levels.
Temporaries: per thread a gradient of d values (one more with offsets, or what fills the lines) and
4 KB; a vector of as many values, or the limbs of the weights.
Arithmetic limits it, not memory. In float64, 8 levels take a widening, a conversion and a product
for each of their two uses: 6 instructions on 2 ports, 0.375 cycles a level.
Source: `fused`; exact dot products by splitting numbers (Ozaki's scheme).
"""

from impls._onepass.kernel import make_kernel
from impls._onepass.storage import as_levels
from impls.logistic._terms import terms

PREPARED_COPIES = 0.25
BYTES_PER_VALUE = 1
X_TYPES = "uint8 float32"
REQUIRES = "numba"

prepare, gradient, loss_gradient, evaluate, make_hessian = make_kernel(terms, as_levels)
