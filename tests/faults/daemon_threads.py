"""Starts a daemon thread per call that never ends."""

import threading

event = threading.Event()


def gradient(weights, X, y):
    threading.Thread(target=event.wait, daemon=True).start()
    return (X @ weights - y) @ X / len(X)
