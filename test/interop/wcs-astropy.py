"""Sky positions by astropy of pixels that the caller asks for.

Standard input: JSON list of {"cards": {keyword: value}} or {"file": path, "cutout": [x0, y0] or null}, each with
"pixels" [[x, y], ...], 0-based. Standard output: for each {"sky": [[lon, lat], ...], "pixels": [[x, y], ...]}, the
second from astropy's way back, NaN as null; {"refused": true} where no pole fits the header.
"""

import json
import sys
import warnings

import numpy as np
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS, InvalidTransformError

warnings.simplefilter("ignore")


def header(case):
    if "file" in case:
        found = fits.getheader(case["file"], 0)
        return found
    found = fits.Header()
    found["NAXIS"] = 2
    for keyword, value in case["cards"].items():
        found[keyword] = value
    return found


def plain(pairs):
    return [[None if not np.isfinite(value) else float(value) for value in pair] for pair in pairs]


answers = []
for case in json.load(sys.stdin):
    if "galactic" in case:
        position = SkyCoord(case["galactic"], unit="deg", frame="galactic").icrs
        answers.append({"sky": plain(np.transpose([position.ra.deg, position.dec.deg]))})
        continue
    try:
        wcs = WCS(header(case), naxis=2)
        wcs.wcs.set()
    except InvalidTransformError:
        answers.append({"refused": True})
        continue
    if case.get("cutout"):
        x0, y0 = case["cutout"]
        wcs = wcs[y0:, x0:]
    pixels = np.array(case["pixels"], float)
    sky = wcs.all_pix2world(pixels, 0)
    lon, lat = wcs.wcs.lng, wcs.wcs.lat
    try:
        back = wcs.all_world2pix(sky, 0, tolerance=1e-9) if wcs.sip else wcs.wcs_world2pix(sky, 0)
    except Exception:
        back = np.full_like(pixels, np.nan)
    answers.append({"sky": plain(sky[:, [lon, lat]] if lon >= 0 else sky), "pixels": plain(back)})
json.dump(answers, sys.stdout)
