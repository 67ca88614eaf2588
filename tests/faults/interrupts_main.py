"""Interrupts its process's main thread soon after each call."""

import _thread
import threading


def gradient(weights, X, y):
    threading.Timer(0.001, _thread.interrupt_main).start()
    return (X @ weights - y) @ X / len(X)
