"""Blocks of rows of an X that is larger than memory, or lies on several machines.

`rows` reads them, `sums` computes on one, `stream` goes through a file, `threads` and `cluster`
leave the work to Dask.
"""
