"""The metrics: which benchmark of the suite measures each, and in which unit."""

from __future__ import annotations

from dataclasses import dataclass

BASELINE = "matrix"  # speed-ups are over this implementation


@dataclass(frozen=True)
class Metric:
    """A measured quantity.

    Attributes
    ----------
    name : str
        Its name in the results.
    label : str
        Description for figures and tables.
    unit : str
        Unit of the values; empty for a plain number.
    """

    name: str
    label: str
    unit: str


# The key is the method in asv's module.Problem.method; the same method means the same metric.
METRICS = {
    "time_gradient": Metric("time", "time of one gradient", "s"),
    "track_error": Metric("error", "error relative to the sum of absolute terms", ""),
    "track_prepare": Metric("prepare", "time of preparation", "s"),
    "peakmem_gradient": Metric("peak_gradient", "peak memory of the process", "bytes"),
    "peakmem_inputs": Metric("peak_inputs", "peak memory of the process without a call", "bytes"),
    "track_workspace": Metric("workspace", "bytes allocated by one call", "bytes"),
    "track_read_roof": Metric("read_roof", "bandwidth of a pure read of X", "GB/s"),
    "time_epoch": Metric("epoch", "time of one epoch of training", "s"),
    "track_kernel_share": Metric("kernel_share", "share of an epoch that gradients take", ""),
    "track_time_to_loss": Metric("time_to_loss", "training until within 1 % of the optimum", "s"),
    "track_final_loss": Metric("final_loss", "loss after 20 epochs of training", ""),
    "track_test_accuracy": Metric("test_accuracy", "held-out samples predicted right", ""),
    "track_updates": Metric("updates", "updates of 20 epochs of training", ""),
    "track_roof_fraction": Metric("roof_fraction", "compulsory bytes / time / read roof", ""),
}
