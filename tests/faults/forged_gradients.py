"""Answers with gradients that cannot be decoded."""

import json

real = json.dumps


def changed(reply):
    if "gradients" in reply:
        reply["gradients"] = ["x"]
    return real(reply)


json.dumps = changed


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
