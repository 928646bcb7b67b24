#!/usr/bin/env python3
"""HEALPix maps, written by astropy with the pixels of astropy-healpix, and a judge of images of them; see healpix.test.ts.

write FOLDER: maps, and on stdout what is in them.
check FOLDER: reads {image: map} from stdin; how many pixels of the image differ from the value of the map at their middle, and of maps of
counts from the sums of what lies in them.
"""
import json
import sys
import warnings

import numpy as np
from astropy import units as u
from astropy.coordinates import ICRS, Galactic, SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from astropy_healpix import HEALPix

warnings.simplefilter("ignore")
FRAMES = {"G": Galactic(), "C": ICRS()}
# name: NSIDE, ordering, coordinates, partial, counts
MAPS = {
    "ring_g": (16, "RING", "G", False, False),
    "nested_c": (64, "NESTED", "C", False, False),
    "partial_ring_c": (32, "RING", "C", True, False),
    "partial_nested_g": (128, "NESTED", "G", True, False),
    "counts_g": (32, "NESTED", "G", False, True),
    "counts_partial_c": (32, "RING", "C", True, True),
}


def values_of(name):
    """Values by number of pixel, NaN where the map has none."""
    nside, ordering, coordinates, partial, counts = MAPS[name]
    grid = HEALPix(nside, order=ordering.lower(), frame=FRAMES[coordinates])
    rng = np.random.default_rng(nside)
    values = rng.poisson(2.0, grid.npix).astype(float) if counts else rng.uniform(1, 2, grid.npix)
    if partial:
        inside = grid.cone_search_skycoord(SkyCoord(83.6 * u.deg, 22 * u.deg, frame="icrs"), 12 * u.deg)
        keep = np.zeros(grid.npix, bool)
        keep[inside] = True
        values[~keep] = np.nan
    return grid, values


def write(folder):
    for name, (nside, ordering, coordinates, partial, counts) in MAPS.items():
        _, values = values_of(name)
        unit = "count" if counts else "cm2 s"
        if partial:
            known = np.flatnonzero(~np.isnan(values))
            columns = [fits.Column("PIXEL", "J", array=known), fits.Column("V", "D", unit, array=values[known])]
        else:
            # As healpy writes them: rows of many values.
            columns = [fits.Column("V", "256D", unit, array=values.reshape(-1, 256))]
        hdu = fits.BinTableHDU.from_columns(columns, name="SKYMAP")
        for keyword, value in dict(PIXTYPE="HEALPIX", ORDERING=ordering, NSIDE=nside, COORDSYS=coordinates,
                                   INDXSCHM="EXPLICIT" if partial else "IMPLICIT").items():
            hdu.header[keyword] = value
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(f"{folder}/{name}.fits", overwrite=True)
    print(json.dumps({name: dict(nside=m[0], counts=m[4]) for name, m in MAPS.items()}))


def check(folder):
    answer = {}
    for image, name in json.load(sys.stdin).items():
        with fits.open(f"{folder}/{image}") as hdus:
            data, header = hdus[0].data, hdus[0].header
        wcs = WCS(header)
        grid, values = values_of(name)
        frame = "galactic" if header["CTYPE1"].startswith("GLON") else "icrs"
        if MAPS[name][4]:
            known = np.flatnonzero(~np.isnan(values) & (values > 0))
            sky = grid.healpix_to_skycoord(known).transform_to(frame)
            x, y = wcs.all_world2pix(sky.spherical.lon.deg, sky.spherical.lat.deg, 0)
            col, row = np.floor(x + 0.5), np.floor(y + 0.5)
            inside = (col >= 0) & (col < data.shape[1]) & (row >= 0) & (row < data.shape[0])
            expected = np.zeros(data.shape)
            np.add.at(expected, (row[inside].astype(int), col[inside].astype(int)), values[known][inside])
            # Middles on an edge between two pixels may fall on either side.
            edge = np.abs(x - 0.5 - np.round(x - 0.5)) < 1e-6
            differ = 0 if edge.any() else int((expected != data).sum())
            differ = abs(int(expected.sum()) - int(data.sum())) if edge.any() else differ
        else:
            y, x = np.indices(data.shape)
            lon, lat = wcs.all_pix2world(x.ravel(), y.ravel(), 0)
            expected = np.full(lon.shape, np.nan)
            on_sky = np.isfinite(lon) & np.isfinite(lat)
            sky = SkyCoord(lon[on_sky] * u.deg, lat[on_sky] * u.deg, frame=frame)
            expected[on_sky] = values[grid.skycoord_to_healpix(sky)]
            same = (expected == data.ravel()) | (np.isnan(expected) & np.isnan(data.ravel()))
            differ = int((~same).sum())
        answer[image] = dict(pixels=int(data.size), known=int(np.isfinite(data).sum()), differ=differ,
                             bunit=header.get("BUNIT"), total=float(np.nansum(data)))
    print(json.dumps(answer))


if sys.argv[1] == "write":
    write(sys.argv[2])
else:
    check(sys.argv[2])
