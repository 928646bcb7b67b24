"""The simulated datasets of pylira, as dictionaries of arrays: counts, psf, exposure, background, and flux, the truth."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Dict

import numpy as np
from astropy.io import fits

from . import program
from .deconvolver import _seed

__all__ = ["disk_source_gauss_psf", "gauss_and_point_sources_gauss_psf", "point_source_gauss_psf"]


def _simulate(sky: str, random_state: Any) -> Dict[str, np.ndarray]:
    seed = 0 if random_state is None else _seed(random_state)
    with tempfile.TemporaryDirectory() as folder:
        program.text(["simulate", sky, "-o", folder, "--seed", str(seed), "-q"])
        return {
            path.stem: fits.getdata(path).astype(float)
            for path in sorted(Path(folder).glob("*.fits"))
        }


def point_source_gauss_psf(random_state: Any = None) -> Dict[str, np.ndarray]:
    """A point source of 1,000 counts in 32 x 32 pixels, psf of sigma 3, background 2 a pixel."""
    return _simulate("point-source", random_state)


def disk_source_gauss_psf(random_state: Any = None) -> Dict[str, np.ndarray]:
    """A disk of radius 3 and 1,000 counts; the exposure rises from 0.5 to 1.5 along x."""
    return _simulate("disk", random_state)


def gauss_and_point_sources_gauss_psf(random_state: Any = None) -> Dict[str, np.ndarray]:
    """A Gaussian and four point sources of 1,000, 300, 100 and 30 counts; the exposure rises from 0.5 to 1.5 along y."""
    return _simulate("gaussian-and-points", random_state)
