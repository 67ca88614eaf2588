"""Replaces json.loads."""

import json

json.loads = None


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
