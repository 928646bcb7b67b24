"""Pixels of DS9 regions by astropy-regions.

Standard input: JSON list of {"text": region file, "cards": {keyword: value}, "shape": [ny, nx]}. Standard output: for each a list
of the pixels of each region, indices row * nx + col of the centres inside.
"""

import json
import sys
import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from regions import PixelRegion, Regions

warnings.simplefilter("ignore")

answers = []
for case in json.load(sys.stdin):
    header = fits.Header()
    header["NAXIS"] = 2
    for keyword, value in case["cards"].items():
        header[keyword] = value
    wcs = WCS(header)
    ny, nx = case["shape"]
    row, col = np.mgrid[0:ny, 0:nx]
    answer = []
    for region in Regions.parse(case["text"], format="ds9"):
        pixel = region if isinstance(region, PixelRegion) else region.to_pixel(wcs)
        image = pixel.to_mask(mode="center").to_image((ny, nx))
        answer.append([] if image is None else np.flatnonzero(image > 0).tolist())
    answers.append(answer)
json.dump(answers, sys.stdout)
