"""The engine: a gradient in one pass over X, compiled to vector instructions.

It serves every problem with one number per sample, ``X^T r(X w, y)``, and knows none: a problem
hands in its residual r and its loss as formulas of NumPy. From the formula to the instruction:

================  ===============================================================================
``kernel``        the functions of an implementation, made from a problem's terms
``terms``         a problem's terms, compiled to code that the passes call by its address
``formula``       NumPy's operators and functions as vector instructions
``exp``           exp and log1p of vectors
``storage``       X in fewer bytes: 8-bit levels, and what holds X exactly
``threads``       one thread or all, and which share of the samples or features each computes
``entries``       what Python calls: the compiled functions that numba keeps on disk
``passes``        the order of the steps: one pass over a share of the samples
``steps``         loops over the features that read some rows and add others
``narrow_rows``   the loop for rows of up to 4 vectors
``limbs``         8-bit levels in integer arithmetic, which `storage` alone imports
``arrays``        NumPy's arrays from a cache line on, and in blocks of rows
``memory``        memory by its address, and counters that threads share
``load``          whether threads gain anything just now
``caches``        how much of X the processor's caches hold
``vectors``       vector instructions: loads, stores, masks, shuffles, prefetch
``tuning``        what is fastest on which processor
================  ===============================================================================

Where to change what:

- another residual: a `Terms` of its own (`impls.onepass`), no edit here;
- another processor: its numbers in ``tuning``, and another length of vectors in
  `vectors.count_lanes`;
- another storage: a class like `Levels` in ``storage``, with its ``ready``, ``gradient``,
  ``shape``, ``size`` and ``@``, and another type of values in `vectors.convert` and
  `terms.place_of_pass`.
"""
