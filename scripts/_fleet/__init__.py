"""Results of several machines in one report.

`folders` finds journals in folders of results. `journals` reads what tells one machine from
another, which is its `hardware` and what it has measured; `apart` decides by that which of them are
one machine's, each of which is `found`, and `clashes` has the words. `valid` loads the values that
hold for one set of files on each machine, as `choice` asks for them, with what `described` reads of
the implementations there, and `notes` on the rest.
"""
