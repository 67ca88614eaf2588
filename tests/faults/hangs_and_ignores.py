"""Sleeps, and ignores what asks it to end."""

import signal
import time


def gradient(weights, X, y):
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(1)
    return (X @ weights - y) @ X / len(X)
