"""Starts a child in a session of its own that stays."""

import subprocess

child = subprocess.Popen(["sleep", "600"], start_new_session=True)


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
