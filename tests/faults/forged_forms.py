"""Answers with texts where numbers are expected."""

import json

real = json.dumps


def changed(reply):
    return real({key: value if key == "to" else "x" for key, value in reply.items()})


json.dumps = changed


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
