"""Answers with a gradient too many."""

import json

real = json.dumps


def changed(reply):
    if "gradients" in reply:
        reply["gradients"] += reply["gradients"][:1]
    return real(reply)


json.dumps = changed


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
