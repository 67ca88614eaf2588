"""The engine: a gradient in one pass over X, compiled by numba to vector instructions.

It serves problems with one number per sample, and knows none of them by name. From the instruction
to the call:

================  ===============================================================================
``tuning``        what is fastest on which processor
``vectors``       vector instructions: loads, stores, masks, shuffles, prefetch
``exp``           exp of vectors of numbers that are not positive
``residuals``     residuals of some samples at a time
``steps``         loops over the features that read some rows and add others
``narrow_rows``   the loop for rows of up to 4 vectors
``passes``        the order of the steps: one pass over a share of the samples
``threads``       shares of the samples or features for threads, and the call itself
``limbs``         the pass over 8-bit levels in integer arithmetic
``storage``       X in fewer bytes: 8-bit levels and float16
================  ===============================================================================
"""
