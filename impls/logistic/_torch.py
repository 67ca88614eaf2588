"""The matrix form in PyTorch, and its compiled form."""

import functools
import os
import shutil
import sys
import warnings

import torch

from impls._errors import Unavailable

# torch.compile's own limit of 8 is for one program, not for a process that tries many shapes.
_MOST_SHAPES = 100
_COMPILERS = {"darwin": "clang++", "win32": "cl"}


def matrix_form(weights, X, y):
    return (torch.sigmoid(X @ weights) - y) @ X


@functools.cache
def compiled():
    """The matrix form by torch.compile, which raises where it would fall back to eager."""
    return torch.compile(matrix_form, fullgraph=True)


def compile_for(X, y):
    """Let torch.compile compile for the shapes of X and y; some 20 s the first time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what PyTorch itself imports
        many = torch._dynamo.config.patch(recompile_limit=_MOST_SHAPES)
        with many, torch.inference_mode():
            compiled()(torch.zeros(X.shape[1], dtype=X.dtype), X, y)
    return X, y


def require_compiler():
    """Refuse to load where torch.compile has no C++ compiler to call.

    Raises
    ------
    Unavailable
        Names the compiler that is missing and what to do.
    """
    name = os.environ.get("CXX") or _COMPILERS.get(sys.platform, "g++")
    if shutil.which(name) is None:
        raise Unavailable(f"torch.compile needs the C++ compiler {name}; install it or set CXX")
