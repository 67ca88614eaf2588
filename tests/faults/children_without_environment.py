"""Starts a child without an environment that stays."""

import subprocess

child = subprocess.Popen(["/bin/sleep", "600"], env={})


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
