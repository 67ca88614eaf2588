"""The text's training in one function that numba compiles."""

from impls._loops import make_descent
from impls.sigmoid_net._layer import layer_term

descend = make_descent(layer_term)
