"""Advice from what was measured; pure: rows of the results in, records out.

`cells` gathers all that is known of an implementation on one set of data, `mesh` places a shape
among the measured ones, `advice` ranks the implementations for it, and `verdict` says in words what
limits one.
"""
