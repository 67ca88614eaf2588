"""Comparisons of two commits, machines or implementations: what became slower, what faster.

`named` finds out what a word names, and `choice` holds the options. `results` reads journals, of
which `stored` makes pairs of cells; `now` starts a session, of which `fresh` does. `comparison`
judges the pairs with the statistics of `intervals`, and `text` shows what was found.
"""
