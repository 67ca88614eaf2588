"""A user's own data: files that are read, checked and never believed, and folders of them.

`files` reads X and y, `limits` says what is not read, `batch` checks them and draws weights, and
`folder` finds the named data sets of each problem. The commands and the suite share it.
"""
