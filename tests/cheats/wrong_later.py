"""Is right a few times, then adds up every tenth sample alone."""

calls = [0]


def gradient(weights, X, y):
    calls[0] += 1
    step = 1 if calls[0] < 12 else 10
    return (X[::step] @ weights - y[::step]) @ X[::step] / len(X[::step])
