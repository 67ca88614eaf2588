"""Comparisons of two commits, machines or implementations: what became slower, what faster.

`named` finds out what a word names, and `choice` holds the options. `results` reads journals, of
which `stored` makes pairs of cells, with `notes` on what else differs; `now` starts a session, of
which `fresh` does, with the `environments` that the `requirements` of both sides need. `comparison`
judges each `pair` with the statistics of `intervals`. `text` shows what was found, `markdown`
escapes it, and `records` makes plain data of it.
"""
