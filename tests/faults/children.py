"""Starts a child that stays."""

import subprocess

child = subprocess.Popen(["sleep", "600"])


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
