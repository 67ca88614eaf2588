"""Starts a few threads that never end."""

import threading

event = threading.Event()
for _ in range(4):
    threading.Thread(target=event.wait).start()


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
