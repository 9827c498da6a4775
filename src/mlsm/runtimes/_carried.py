"""What fields added to margins, carried over a link that is no plain sum: by logarithmic means.

The difference of two exponentials is their logarithmic mean times the difference of their
logarithms. So what a field added to a margin becomes what it added behind the link, in the
same proportions, and nothing is left over: the logarithmic mean Divisia index (B. W. Ang,
Energy Policy 32, 2004).

Contributions are rows x margins x (fields and, last, what the sum starts from).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["against_others", "exponential", "of_shares"]

_TINY = 1e-300


def exponential(added: NDArray[np.float64]) -> NDArray[np.float64]:
    """Carry contributions to one margin, rows x (fields and start), over the exponential function.

    Example:
        >>> found = exponential(np.array([[1.0, 0.5, -0.5]]))
        >>> bool(np.isclose(found.sum(), np.exp(1.0))), float(found[0, 0] / found[0, 1])
        (True, 2.0)
    """
    start, total = added[:, -1], added.sum(axis=1)
    found = added * np.exp(_log_mean(total, start))[:, None]
    found[:, -1] = np.exp(start)
    return found


def against_others(added: NDArray[np.float64], index: int) -> NDArray[np.float64]:
    """Carry contributions to all classes' margins over softmax, to the log odds of one class.

    Of two classes they are the differences; what adds alike to all margins adds nothing.
    Returns rows x (fields and start).

    Example:
        >>> found = against_others(np.array([[[1.0, 0.5], [-1.0, 0.0], [2.0, 0.0]]]), 0)
        >>> probability = np.exp(1.5) / np.exp([1.5, -1.0, 2.0]).sum()
        >>> bool(np.isclose(found.sum(), np.log(probability / (1 - probability))))
        True
    """
    leads = added[:, [index], :] - np.delete(added, index, axis=1)  # over each other class
    start, total = -leads[:, :, -1], -leads.sum(axis=2)
    start_of_all, total_of_all = _log_sum(start), _log_sum(total)
    weights = np.exp(_log_mean(total, start) - _log_mean(total_of_all, start_of_all)[:, None])
    found: NDArray[np.float64] = np.einsum("rmf,rm->rf", leads, weights)
    found[:, -1] = -start_of_all
    return found


def of_shares(added: NDArray[np.float64]) -> NDArray[np.float64]:
    """Carry contributions to margins over the logistic function, to the logarithm of what each gives.

    For classes that each have a probability of their own, which are made to add up to 1.
    """
    start, total = added[:, :, -1], added.sum(axis=2)
    before, after = -np.logaddexp(0.0, -start), -np.logaddexp(0.0, -total)
    step = total - start
    flat = np.abs(step) < 1e-9  # the slope itself, where the secant would be of rounding errors
    slopes = np.where(flat, np.exp(-np.logaddexp(0.0, total)), (after - before) / np.where(flat, 1.0, step))
    found: NDArray[np.float64] = added * slopes[:, :, None]
    found[:, :, -1] = before
    return found


def _log_mean(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the logarithm of the logarithmic mean of two numbers, which are given by their logarithms."""
    apart = np.maximum(np.abs(one - other), _TINY)
    found: NDArray[np.float64] = np.maximum(one, other) + np.log(-np.expm1(-apart) / apart)
    return found


def _log_sum(logarithms: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.logaddexp.reduce(logarithms, axis=1)
    return found
