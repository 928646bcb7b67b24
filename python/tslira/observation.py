"""Observations as files for the program: arrays, masked arrays, ``Quantity``, ``NDData`` and HDUs with units, masks and sky coordinates."""

from __future__ import annotations

import os
import re
from numbers import Integral
from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Optional

import numpy as np
from astropy import units
from astropy.io import fits
from astropy.nddata import NDData
from astropy.utils.masked import Masked
from astropy.wcs import WCS
from astropy.wcs.wcsapi import SlicedLowLevelWCS

from .errors import InvalidInputError, unknown_name, warn
from .settings import OBSERVATION

__all__ = ["IMAGES", "image_file", "named_observation", "observation_files"]

#: Images of an observation.
IMAGES = ("counts", "psf", "exposure", "background", "mask")

#: Parts of a unit of what was counted, and their powers.
_COUNTED = {("ct", 1), ("ph", 1), ("electron", 1), ("pix", -1)}

#: Psfs that are no files, as the program knows them.
_PSF_NAME = re.compile(r"\s*((gaussian|king|moffat)\s*:|[a-z]+\s*:\s*\w+\s*=)", re.IGNORECASE)


class _Image(NamedTuple):
    """An image of a type of numbers that FITS has; ``masked`` is True where its owner does not trust it, None without a mask."""

    data: np.ndarray
    header: fits.Header
    unit: Optional[Any] = None
    masked: Optional[np.ndarray] = None


def _numbers(name: str, value: Any) -> np.ndarray:
    try:
        data = np.asarray(value)
    except ValueError as error:
        raise InvalidInputError(f"{name}: must be an array of numbers, got rows of several lengths; make them one length") from error
    if data.dtype.kind not in "fiub":
        raise InvalidInputError(f"{name}: must be an array of real numbers, got {data.dtype}; convert it")
    if data.dtype.kind == "b":
        return data.astype(np.uint8)
    if data.dtype.kind == "f" and data.dtype.itemsize not in (4, 8):
        return data.astype(np.float32 if data.dtype.itemsize < 4 else np.float64)
    return data


def _mask(name: str, mask: Any, data: np.ndarray) -> Optional[np.ndarray]:
    if mask is None:
        return None
    try:
        masked = np.broadcast_to(np.asarray(mask, bool), data.shape)
    except ValueError as error:
        raise InvalidInputError(f"{name}: its mask must have the shape {data.shape}, got {np.shape(mask)}; give one value a pixel") from error
    return masked if masked.any() else None


def _wcs_cards(name: str, wcs: Any) -> fits.Header:
    """Sky coordinates as cards, also of a part of an image; a warning where FITS has no words for them."""
    wcs = getattr(wcs, "low_level_wcs", wcs)
    if isinstance(wcs, SlicedLowLevelWCS) and isinstance(wcs._wcs, WCS):
        kept = [int(axis) + 1 for axis in wcs._pixel_keep]
        whole = wcs._wcs if len(kept) == wcs._wcs.naxis else wcs._wcs.sub(kept)
        wcs = whole.slice([one for one in wcs._slices_array if not isinstance(one, Integral)])
    if hasattr(wcs, "to_header"):
        return wcs.to_header()
    warn(f"{name}: sky coordinates should be those of FITS, got {type(wcs).__name__}; the result has none, give an astropy.wcs.WCS")
    return fits.Header()


def _image(name: str, value: Any) -> _Image:
    if isinstance(value, (fits.PrimaryHDU, fits.ImageHDU, fits.CompImageHDU)):
        if value.data is None:
            raise InvalidInputError(f"{name}: must hold an image, got an HDU without pixels; give another HDU")
        data = _numbers(name, value.data)
        header = fits.Header([card for card in value.header.cards if card.keyword not in ("XTENSION", "PCOUNT", "GCOUNT")])
        # Files often have the plural, which astropy does not know.
        bunit = re.sub(r"\b(count|ct|photon|electron)s\b", r"\1", str(header.get("BUNIT", "")))
        return _Image(data, header, units.Unit(bunit, parse_strict="silent") if bunit.strip() else None)
    header, unit, mask = fits.Header(), None, None
    if isinstance(value, NDData):
        if isinstance(getattr(value, "meta", None), Mapping):
            header.update({key: entry for key, entry in value.meta.items() if isinstance(key, str) and len(key) <= 8 and isinstance(entry, (str, int, float, bool))})
        if value.wcs is not None:
            header.update(_wcs_cards(name, value.wcs))
        unit, mask, value = value.unit, value.mask, value.data
    elif isinstance(value, Masked):
        mask, value = value.mask, value.unmasked
    elif isinstance(value, np.ma.MaskedArray):
        mask, unit, value = np.ma.getmaskarray(value), getattr(value, "unit", None), value.data
    if isinstance(value, units.Quantity):
        unit, value = value.unit, value.value
    data = _numbers(name, value)
    return _Image(data, header, unit, _mask(name, mask, data))


def _counts_in(unit: Any) -> Optional[float]:
    """How many counts a unit is, which may be called photons or electrons, a pixel or not; None for what was not counted."""
    if not isinstance(unit, units.UnitBase):
        return None
    whole = unit.decompose()
    return float(whole.scale) if set(zip((base.name for base in whole.bases), whole.powers)) <= _COUNTED else None


def _counts(name: str, image: _Image) -> _Image:
    """Counts by the number; units that astropy does not know are left to the program."""
    if image.unit is None or isinstance(image.unit, units.UnrecognizedUnit):
        return image
    factor = _counts_in(image.unit)
    if factor is None:
        raise InvalidInputError(
            f"{name}: must be what was counted, in count, photon, electron or no unit, got {image.unit}; "
            "multiply a rate by its exposure, and adu by the gain"
        )
    return image._replace(data=image.data if factor == 1 else image.data * factor, unit=units.ct)


def _write(name: str, image: _Image, path: Path) -> str:
    header = image.header.copy()
    if image.unit is not None and image.unit != units.Unit(str(header.get("BUNIT", "")), parse_strict="silent"):
        try:
            header["BUNIT"] = image.unit.to_string("fits")
        except ValueError as error:
            raise InvalidInputError(f"{name}: must have a unit that FITS has words for, got {image.unit}; convert it") from error
    fits.PrimaryHDU(image.data, header).writeto(path)
    return str(path)


def _located(name: str, value: Any) -> str:
    """A file by its place from the root, since the program looks elsewhere; names of psfs stay."""
    text = os.fspath(value)
    if name == "psf" and isinstance(value, str) and _PSF_NAME.match(text):
        return text
    inverted = "!" if name == "mask" and text.startswith("!") else ""
    return inverted + os.path.abspath(text[len(inverted) :])


def image_file(name: str, value: Any, path: Path, where: str = "") -> str:
    """The file of an image whose pixels must all be known; one is written where there is none.

    Raises
    ------
    InvalidInputError
        For what is no image, and for pixels that are masked.
    """
    if isinstance(value, (str, Path)):
        return _located(name, value)
    image = _image(f"{where}{name}", value)
    if image.masked is not None:
        raise InvalidInputError(f"{where}{name}: must be known in all pixels, got {image.masked.sum()} masked ones; fill them, with 0 where there is no light")
    return _write(f"{where}{name}", image, path)


def named_observation(observation: Mapping[str, Any], where: str = "") -> Dict[str, Any]:
    """What an observation gives, by the names of ``OBSERVATION``; the keys of a config file are taken too.

    Raises
    ------
    InvalidInputError
        For other names.
    """
    keys = {**OBSERVATION, **{name: name for name in OBSERVATION.values()}}
    by_key = {key: name for name, key in OBSERVATION.items()}
    for name in observation:
        if name not in keys:
            raise InvalidInputError(f"{where}key must be a known one, {unknown_name(name, OBSERVATION)}")
    return {by_key[keys[name]]: value for name, value in observation.items() if value is not None}


def observation_files(observation: Mapping[str, Any], folder: Path, where: str = "") -> Dict[str, Any]:
    """An observation as a config file of the program has it: what is no name of a file is written into one.

    Masked pixels of counts are not used, those of exposure and background are outside of the field, which the program reads of NaN.

    Parameters
    ----------
    observation : dict
        By the names of ``OBSERVATION``.
    folder : path
        Where files are written.
    where : str
        What messages begin with.

    Raises
    ------
    InvalidInputError
        For what is no image of numbers, for a psf with masked pixels, and for units of something else.
    """
    given = {name: value for name, value in observation.items() if value is not None}
    files: Dict[str, Any] = {}
    images: Dict[str, _Image] = {}
    for name, value in given.items():
        key, path = OBSERVATION[name], folder / f"{name}.fits"
        if name not in IMAGES:
            files[key] = value
        elif name == "psf" or isinstance(value, (str, Path)):
            files[key] = image_file(name, value, path, where)
        else:
            images[name] = _image(f"{where}{name}", value)
    if "counts" in images:
        images["counts"] = _counts(f"{where}counts", images["counts"])
    if "background" in images and _counts_in(images["background"].unit) is not None:
        images["background"] = _counts(f"{where}background", images["background"])
    for name, image in list(images.items()):
        if image.masked is None:
            continue
        if name == "counts" and "mask" not in given:
            images["mask"] = _Image((~image.masked).astype(np.uint8), fits.Header())
        # A mask that was given may lie on other pixels: those of counts without a value are left out beside it.
        blank = 0 if name == "mask" or (name == "counts" and "mask" not in given) else np.nan
        images[name] = image._replace(data=np.where(image.masked, blank, image.data))
    for name, image in images.items():
        files[name] = _write(f"{where}{name}", image, folder / f"{name}.fits")
    return files
