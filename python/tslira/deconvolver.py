"""Arrays in, posterior out: ``deconvolve`` with all methods of tslira, and ``LIRADeconvolver`` as users of pylira know it."""

from __future__ import annotations

import inspect
import json
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Union

import numpy as np

from . import program
from .errors import InvalidInputError, Interrupted, unknown_name, warn
from .observation import IMAGES, image_file, named_observation, observation_files
from .result import LIRADeconvolverResult
from .settings import OBSERVATION, SETTINGS

__all__ = ["LIRADeconvolver", "deconvolve"]

def _seed(value: Any) -> Any:
    """A seed of what numpy calls a random state."""
    if hasattr(value, "randint"):
        return int(value.randint(2**31 - 1))
    if hasattr(value, "integers"):
        return int(value.integers(2**53))
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return value


def _config(settings: Mapping[str, Any], door: Callable[..., Any]) -> Dict[str, Any]:
    """Settings by the names of Python as a config file of the program has them. `door` has keywords beside them."""
    config: Dict[str, Any] = {}
    stranger = next((name for name in settings if name not in SETTINGS), None)
    if stranger in OBSERVATION:
        raise InvalidInputError(f"{door.__name__}: {stranger} must be that of an observation, got a keyword; give deconvolve a list of dictionaries, [{{'counts': ..., {stranger!r}: ...}}]")
    if stranger is not None:
        own = [name for name, one in inspect.signature(door).parameters.items() if one.kind is not one.VAR_KEYWORD]
        raise InvalidInputError(f"{door.__name__}: keyword must be a known one, {unknown_name(stranger, [*own, *SETTINGS])}")
    for name, value in settings.items():
        if value is None:
            continue
        setting = SETTINGS[name]
        value = _plain(_seed(value) if name == "seed" else value)
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidInputError(f"{name}: must be {setting['type']}, got {value!r}; change it") from error
        parts = setting.get("parts")
        if parts and isinstance(value, list):
            if len(value) != len(parts):
                raise InvalidInputError(f"{name}: must be ({', '.join(parts)}), got {len(value)} values; give {len(parts)}")
            value = dict(zip(parts, value))
        inner, _, key = str(setting["key"]).rpartition(".")
        (config.setdefault(inner, {}) if inner else config)[key] = value
    return config


def _run(*arguments: Any) -> LIRADeconvolverResult:
    """Run in a folder of its own, which goes with the result: inputs, and the result itself unless it was given a name."""
    folder = Path(tempfile.mkdtemp(prefix="tslira-"))
    result: Optional[LIRADeconvolverResult] = None
    try:
        result = _run_in(folder, *arguments)
        return result
    except Interrupted as stopped:
        result = stopped.result
        raise
    finally:
        if result is None:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            weakref.finalize(result, shutil.rmtree, folder, True)


def _run_in(
    folder: Path,
    observations: Sequence[Mapping[str, Any]],
    config: Dict[str, Any],
    start: Any,
    filename: Optional[Union[str, Path]],
    overwrite: bool,
    progress: bool,
    extra: Mapping[str, Any],
) -> LIRADeconvolverResult:
    listed = []
    for index, one in enumerate(observations):
        several = len(observations) > 1
        place = folder / f"observation-{index + 1}" if several else folder
        place.mkdir(exist_ok=True)
        where = f"observation {index + 1}: " if several else ""
        listed.append(_plain(observation_files(one, place, where)))
    if start is not None:
        config["start"] = image_file("start", start, folder / "start.fits")
    output = folder / "result.fits" if filename is None else Path(filename).resolve()
    config.update(listed[0] if len(listed) == 1 else {"observations": listed})
    (folder / "run.json").write_text(json.dumps({**config, **extra}), encoding="utf-8")
    words = ["deconvolve", "--config", str(folder / "run.json"), "-o", str(output), "--json"]
    _, interrupted = program.run([*words, "--overwrite"] if overwrite else words, progress, f"{folder}{os.sep}")
    if interrupted and not output.exists():
        raise Interrupted("deconvolve: was interrupted before there was a result")
    result = LIRADeconvolverResult(output)
    if interrupted:
        raise Interrupted("deconvolve: was interrupted; what was sampled is in the attribute result of this exception", result)
    return result


def deconvolve(
    counts: Any,
    psf: Any = None,
    exposure: Any = None,
    background: Any = None,
    mask: Any = None,
    *,
    start: Any = None,
    background_unit: Optional[str] = None,
    offsets: Any = None,
    filename_out: Optional[Union[str, Path]] = None,
    overwrite: bool = False,
    workers: Optional[int] = None,
    progress: bool = True,
    **settings: Any,
) -> LIRADeconvolverResult:
    """Sample the posterior of the flux behind a counts image, or make one image by another method.

    Parameters
    ----------
    counts : array ``[ny, nx]``, ``CCDData``, HDU, path, or list of dict
        Observed counts, in count, photon, electron or no unit. Several observations of one sky are a list of dictionaries with the
        names of these arguments, and those under Observations; what an observation does not name is that of the other arguments.
    psf : array, ``CCDData``, HDU, path or name
        Point spread function of any size; names are such as ``"gaussian:fwhm=0.8arcsec"``.
    exposure : array ``[ny, nx]``, ``CCDData``, HDU or path, optional
        Default 1. Masked pixels and NaN lie outside of the field.
    background : array ``[ny, nx]``, ``CCDData``, HDU or path, optional
        Expected counts a pixel for unit exposure, before the psf; default 0. Masked pixels are as those of the exposure.
    mask : array ``[ny, nx]``, HDU or path, optional
        1 where a pixel is used. Pixels that the mask of the counts marks (``CCDData``, masked arrays) are not used in any case.
    start : array ``[ny, nx]`` or path, optional
        Flux > 0 where every chain begins.
    background_unit : {"flux", "counts"}, optional
        What the background holds; default flux.
    offsets : "wcs" or list of (x, y), optional
        Where several observations lie.
    filename_out : path, optional
        File of the result; default one that goes with it.
    overwrite : bool
        Whether a file of that name is replaced.
    workers : int, optional
        Threads; default one a core. They do not change the result.
    progress : bool
        Whether to show progress.
    **settings
        See below.

    Returns
    -------
    LIRADeconvolverResult

    Raises
    ------
    InvalidInputError, FormatError
        For data or settings that break a rule.
    Interrupted
        After Ctrl-C; its ``result`` holds what was sampled.
    """
    common = {"psf": psf, "exposure": exposure, "background": background, "mask": mask, "background_unit": background_unit}
    if isinstance(counts, (list, tuple)) and counts and all(isinstance(one, Mapping) for one in counts):
        observations = [{**common, **named_observation(one, f"observation {index + 1}: ")} for index, one in enumerate(counts)]
    else:
        observations = [{"counts": counts, **common}]
    extra = {key: value for key, value in (("workers", workers), ("offsets", _plain(offsets))) if value is not None}
    return _run(observations, _config(settings, deconvolve), start, filename_out, overwrite, progress, extra)


deconvolve.__doc__ = str(deconvolve.__doc__) + f"\n    Observations\n    ------------\n    {', '.join(OBSERVATION)}\n" + "\n    Settings\n    --------\n" + "".join(
    f"    {name} : {one['type']}, optional\n        {one['meaning']}\n" for name, one in SETTINGS.items()
)


def _prior(given: Mapping[str, Any], usual: Sequence[float], preset: Optional[str]) -> Sequence[Any]:
    """Parameters of a prior: those of pylira where they are not given, or None for those of a preset."""
    missing = [name for name, value in given.items() if value is None]
    if preset in (None, "lira"):
        return [one if value is None else value for value, one in zip(given.values(), usual)]
    if 0 < len(missing) < len(given):
        raise InvalidInputError(f"{', '.join(given)}: must be given together beside a preset, got no {', '.join(missing)}; give all or none")
    return list(given.values())


class LIRADeconvolver:
    """The LIRA method with the arguments of pylira: one alpha a level of the multiscale tree, random shifts, a periodic image.

    Parameters
    ----------
    alpha_init : array, optional
        Where the alpha of each level starts; default 0.1.
    n_iter_max : int
        Sweeps of each chain, burn-in included.
    n_burn_in : int
        Sweeps at the start that are not used.
    fit_background_scale : bool
        Whether a factor of the background is fitted.
    save_thin : bool
        Whether draws are thinned: at most 1,000 a chain are kept, else all.
    ms_ttlcnt_pr, ms_ttlcnt_exp : float, optional
        Shape and rate of the prior of the total counts; default those of the preset, 1 and 0.05 without one, as pylira has them.
    ms_al_kap1, ms_al_kap2, ms_al_kap3 : float, optional
        Prior of alpha, ``alpha^(kap1 + 1) exp(-kap2 alpha^kap3)``, which is what pylira samples with these; default that of the
        preset, 0, 1000 and 3 without one.
    filename_out : path, optional
        File of the result.
    filename_out_par : path, optional
        Taken for the sake of old scripts, and not needed: the parameters are in the result.
    random_state : int, RandomState or Generator, optional
        Seed; the same one gives the same result.
    **settings
        Settings of `deconvolve`, for example ``chains=2`` (default 4, which are compared) or ``preset="adaptive"``.

    Notes
    -----
    The flux is in counts for unit exposure; the image of pylira is the same times the largest exposure.
    """

    def __init__(
        self,
        alpha_init: Any = None,
        n_iter_max: int = 3000,
        n_burn_in: int = 1000,
        fit_background_scale: bool = False,
        save_thin: bool = True,
        ms_ttlcnt_pr: Optional[float] = None,
        ms_ttlcnt_exp: Optional[float] = None,
        ms_al_kap1: Optional[float] = None,
        ms_al_kap2: Optional[float] = None,
        ms_al_kap3: Optional[float] = None,
        filename_out: Optional[Union[str, Path]] = None,
        filename_out_par: Optional[Union[str, Path]] = None,
        random_state: Any = None,
        **settings: Any,
    ):
        self.alpha_init = alpha_init
        self.n_iter_max = n_iter_max
        self.n_burn_in = n_burn_in
        self.fit_background_scale = fit_background_scale
        self.save_thin = save_thin
        preset = settings.get("preset")
        self.ms_ttlcnt_pr, self.ms_ttlcnt_exp = _prior(
            {"ms_ttlcnt_pr": ms_ttlcnt_pr, "ms_ttlcnt_exp": ms_ttlcnt_exp}, (1, 0.05), preset
        )
        self.ms_al_kap1, self.ms_al_kap2, self.ms_al_kap3 = _prior(
            {"ms_al_kap1": ms_al_kap1, "ms_al_kap2": ms_al_kap2, "ms_al_kap3": ms_al_kap3}, (0.0, 1000.0, 3.0), preset
        )
        self.filename_out = filename_out
        self.filename_out_par = filename_out_par
        self.random_state = random_state
        self.settings = settings
        _config(settings, LIRADeconvolver)

    def to_dict(self) -> Dict[str, Any]:
        """The arguments as a dictionary."""
        return {name: value for name, value in vars(self).items()}

    def run(self, data: Mapping[str, Any], progress: bool = True) -> LIRADeconvolverResult:
        """Run the chains.

        Parameters
        ----------
        data : dict
            ``counts`` and ``psf``; optionally ``exposure``, ``background``, ``mask`` and ``flux_init``, each an array, ``CCDData`` or HDU.
            Other keys are not used; any but ``flux``, which simulated data have, is a warning.
        progress : bool
            Whether to show progress.

        Returns
        -------
        LIRADeconvolverResult
        """
        known = (*IMAGES, "flux_init")
        for name in data:
            if name not in (*known, "flux"):
                warn(f"data: keys should be known ones, {unknown_name(name, known)}")
        observation = {name: data.get(name) for name in IMAGES}
        settings: Dict[str, Any] = {
            "preset": "lira",
            "alpha_init": self.alpha_init,
            "iterations": self.n_iter_max,
            "burn_in": self.n_burn_in,
            "fit_background_scale": self.fit_background_scale or None,
            "trace_every": None if self.save_thin else 1,
            "seed": self.random_state,
        }
        if self.ms_ttlcnt_pr is not None:
            settings["total_counts_prior"] = (self.ms_ttlcnt_pr, self.ms_ttlcnt_exp)
        if self.ms_al_kap1 is not None:
            settings["smoothing_prior"] = (self.ms_al_kap1 + 1, self.ms_al_kap2, self.ms_al_kap3)
        start = data.get("flux_init")
        return _run([observation], _config({**settings, **self.settings}, LIRADeconvolver), start, self.filename_out, True, progress, {})
