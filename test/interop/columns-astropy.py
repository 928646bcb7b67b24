#!/usr/bin/env python3
"""Judge of positions that are no plain header: columns of event lists with matrices, SIP, centres of psfs of even size, and companions
brought onto other pixels; see columns.test.ts. Reads cases as JSON from stdin, writes answers in their order."""
import json
import sys
import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

warnings.simplefilter("ignore")


def header_of(cards, table=False):
    header = fits.Header()
    if table:
        header["XTENSION"], header["NAXIS"], header["TFIELDS"] = "BINTABLE", 2, 9
    for keyword, value in cards:
        header[keyword] = value
    return header


def columns(case):
    """Sky of positions in two columns (from 1), and where image coordinates put it (from 0)."""
    wcs = WCS(header_of(case["cards"], True), keysel=["pixel"], colsel=case["columns"], naxis=2)
    sky = wcs.wcs_pix2world(np.array(case["positions"]), 1)
    image = WCS(header_of(case["image"]))
    return image.all_world2pix(sky, 0, maxiter=60, tolerance=1e-9).tolist()


def companion(case):
    """Pixels (from 0) of another image at the middles of pixels of the counts."""
    counts, other = WCS(header_of(case["counts"])), WCS(header_of(case["other"]))
    sky = counts.all_pix2world(np.array(case["positions"]), 0)
    return other.all_world2pix(sky, 0, maxiter=60, tolerance=1e-9).tolist()


print(json.dumps([dict(columns=columns, companion=companion)[case["kind"]](case) for case in json.load(sys.stdin)]))
