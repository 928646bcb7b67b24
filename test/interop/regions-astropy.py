"""Masks of region files by astropy-regions.

Standard input: JSON list of {"text": DS9 regions, "cards": {keyword: value}, "shape": [ny, nx], "subpixels": n or 1}. Standard
output: for each {"regions": [{"include": bool, "name": text, "weights": {flat pixel index: weight}}, ...]}.
"""

import json
import sys
import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from regions import PointPixelRegion, Regions, SkyRegion

warnings.simplefilter("ignore")

answers = []
for case in json.load(sys.stdin):
    header = fits.Header()
    header["NAXIS"] = 2
    for keyword, value in case["cards"].items():
        header[keyword] = value
    wcs = WCS(header, naxis=2)
    found = []
    for region in Regions.parse(case["text"], format="ds9"):
        pixels = region.to_pixel(wcs) if isinstance(region, SkyRegion) else region
        found_image = None
        if isinstance(pixels, PointPixelRegion):
            # It has no mask: the pixel that holds it.
            found_image = np.zeros(case["shape"])
            found_image[round(float(pixels.center.y)), round(float(pixels.center.x))] = 1
        else:
            subpixels = case["subpixels"]
            mask = pixels.to_mask("center") if subpixels == 1 else pixels.to_mask("subpixels", subpixels)
            found_image = mask.to_image(case["shape"])
        flat = np.zeros(np.prod(case["shape"])) if found_image is None else np.asarray(found_image, float).ravel()
        lit = np.flatnonzero(flat)
        found.append({
            "include": region.meta.get("include", True) in (True, 1, "1", "+"),
            "name": region.meta.get("text", ""),
            "weights": {int(index): float(flat[index]) for index in lit},
        })
    answers.append({"regions": found})
json.dump(answers, sys.stdout)
