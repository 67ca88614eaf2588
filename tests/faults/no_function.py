"""Has a gradient that cannot be called."""

gradient = 3
