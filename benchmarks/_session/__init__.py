"""The measuring session: contenders in processes of their own, in paired rounds, never believed.

A contender is one implementation of a problem; its process lives through all data of a session.
In each round every contender takes one sample, in a new random order, and so do the baseline, the
baseline's twin and a pure read of X.

`session` starts the contenders and goes from data to data; `rounds` measures one set of data;
`worker` is the contender's side, which `process` starts and talks to; `output` is what it prints.
`keeper` ends what outlives a contender, and `guardian` what outlives a command. `inputs` draws data
and references, `flags` says what is not to be believed, `measured` holds the outcome and `journal`
keeps it on disk while it grows.

The suite and the commands use this package alone to measure. It lies beside the suite, because asv
takes the suite from the working tree: all commits are measured in the same way.
"""
