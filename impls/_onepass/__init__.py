"""The engine: a gradient in one pass over X, compiled by numba to vector instructions.

The passes, threads and storage are those of any problem with one number per sample. The residual in
``residuals`` is logistic's, ``sigmoid(z) - y``, so that the engine serves logistic alone. From the
instruction to the call:

================  ===============================================================================
``tuning``        what is fastest on which processor
``vectors``       vector instructions: loads, stores, masks, shuffles, prefetch
``exp``           exp of vectors of numbers that are not positive
``residuals``     the residual of logistic, of some samples at a time
``steps``         loops over the features that read some rows and add others
``narrow_rows``   the loop for rows of up to 4 vectors
``passes``        the order of the steps: one pass over a share of the samples
``threads``       shares of the samples or features for threads, and the call itself
``limbs``         the pass over 8-bit levels in integer arithmetic
``storage``       X in fewer bytes: 8-bit levels and float16
================  ===============================================================================
"""
