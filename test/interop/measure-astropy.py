#!/usr/bin/env python3
"""Photometry of the draws of a result by astropy and numpy alone; see measure.test.ts.

Arguments: a result, a DS9 region file. Standard output: JSON, for each region that is not excluded what the columns of the same name hold.
"""
import json
import sys
import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from regions import Regions

warnings.simplefilter("ignore")
with fits.open(sys.argv[1]) as result:
    wcs = WCS(result[0].header)
    # As pylira reads a result.
    kept = np.asarray(result["IMAGE_TRACE"].data, dtype=float)[int(result["CONFIG"].data["n_burn_in"][0]) :]

masks, excluded = [], np.zeros(kept.shape[1:], dtype=bool)
# FK5 and ICRS are taken as one (docs/regions.md); astropy turns one into the other, by 0.02 arcseconds here.
with open(sys.argv[2]) as file:
    text = file.read().replace("\nfk5\n", "\nicrs\n")
for region in Regions.parse(text, format="ds9"):
    mask = region.to_pixel(wcs).to_mask("center").to_image(kept.shape[1:]) > 0
    if region.meta.get("include", True) in (True, 1, "1", "+"):
        masks.append(mask)
    else:
        excluded |= mask

rows, columns = np.indices(kept.shape[1:])
answers = []
for mask in masks:
    inside = mask & ~excluded
    light = kept[:, inside]
    flux = light.sum(axis=1)
    x, y = (light @ columns[inside]) / flux, (light @ rows[inside]) / flux
    answers.append(
        {
            "area": int(inside.sum()),
            "image_flux": float(np.quantile(flux, 0.5)),
            "image_flux_mean": float(flux.mean()),
            "image_flux_std": float(flux.std(ddof=1)),
            "image_flux_low_68": float(np.quantile(flux, 0.16)),
            "image_flux_high_68": float(np.quantile(flux, 0.84)),
            "image_flux_low_95": float(np.quantile(flux, 0.025)),
            "image_flux_high_95": float(np.quantile(flux, 0.975)),
            "x": float(x.mean()),
            "y": float(y.mean()),
            "x_std": float(x.std(ddof=1)),
            "y_std": float(y.std(ddof=1)),
        }
    )
print(json.dumps(answers))
