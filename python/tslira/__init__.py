"""Bayesian deconvolution of low-count images under Poisson noise.

The sampler is the program ``tslira``, which runs under Node.js >= 20.19; this package gives it arrays, ``CCDData`` or HDUs and
opens what it writes. ``LIRADeconvolver`` has the face of pylira, ``deconvolve`` all methods and settings of tslira.
"""

from .deconvolver import LIRADeconvolver, deconvolve
from .errors import (
    AbortedError,
    FormatError,
    Interrupted,
    InvalidInputError,
    JobError,
    NumericsError,
    TsliraError,
    TsliraWarning,
)
from .result import LIRADeconvolverResult

__version__ = "0.3.0"

__all__ = [
    "AbortedError",
    "FormatError",
    "Interrupted",
    "InvalidInputError",
    "JobError",
    "LIRADeconvolver",
    "LIRADeconvolverResult",
    "NumericsError",
    "TsliraError",
    "TsliraWarning",
    "deconvolve",
]
