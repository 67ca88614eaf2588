"""Replaces json.dumps."""

import json

json.dumps = None


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
