#!/usr/bin/env python3
"""Lists of events in the layouts of missions, HDUs that are no images of counts, and a judge of positions; see missions.test.ts.

write FOLDER: the files, and on stdout what is in them.
check FOLDER: reads {list: image of it} from stdin; for each event that is not meant to be cut the distance in pixels of the image
between where astropy puts it, by the columns of the list, and the middle of the pixel that holds it.
"""
import json
import sys
import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

warnings.simplefilter("ignore")

# name: (telescope, instrument, table, columns, x, y, cards, usual channels or energies, tables of good times)
# Columns are (name, format, unit); X and Y get positions, PI or ENERGY energies, TIME times, all others zeros.
PIXEL = "pixel"


def plane(x, y, reference, value, scale, projection="TAN", high=1000, least=1):
    """Cards of columns x and y, as the tools of the missions write them."""
    cards = []
    for column, axis, sign in ((x, "RA---", -1), (y, "DEC--", 1)):
        cards += [
            (f"TCTYP{column}", axis + projection),
            (f"TCRPX{column}", reference),
            (f"TCRVL{column}", value[0] if sign < 0 else value[1]),
            (f"TCDLT{column}", sign * scale),
            (f"TCUNI{column}", "deg"),
            (f"TLMIN{column}", least),
            (f"TLMAX{column}", high),
        ]
    return cards


def xmm_plane(reference, value, scale, projection):
    """Cards of XMM-Newton, which eSASS writes too."""
    cards = []
    for letter, axis, sign in (("X", "RA---", -1), ("Y", "DEC--", 1)):
        cards += [
            (f"REF{letter}CTYP", axis + projection),
            (f"REF{letter}CRPX", reference),
            (f"REF{letter}CRVL", value[0] if sign < 0 else value[1]),
            (f"REF{letter}CDLT", sign * scale),
            (f"REF{letter}CUNI", "deg"),
        ]
    return cards


MISSIONS = {
    # The Swift XRT Data Reduction Guide, 3.3: columns of photon counting mode.
    "swift": dict(
        telescope="SWIFT", instrument="XRT", table="EVENTS",
        columns=[("TIME", "D", "s"), ("X", "I", PIXEL), ("Y", "I", PIXEL), ("RAWX", "I", PIXEL), ("RAWY", "I", PIXEL),
                 ("DETX", "I", PIXEL), ("DETY", "I", PIXEL), ("PHAS", "9I", "chan"), ("PixsAbove", "I", ""),
                 ("PHA", "J", "chan"), ("PI", "J", "chan"), ("GRADE", "B", ""), ("STATUS", "16X", "")],
        wcs=plane(2, 3, 500.5, (83.6, 22.0), 6.548089e-4), middle=500, step=5, whole=True,
        energies=[40, 120, 700, 999, 20, 1010], good="GTI"),
    # NuSTARDAS software guide, event files of level 2.
    "nustar": dict(
        telescope="NuSTAR", instrument="FPMA", table="EVENTS",
        columns=[("TIME", "D", "s"), ("RAWX", "B", PIXEL), ("RAWY", "B", PIXEL), ("DET_ID", "B", ""), ("PI", "J", "chan"),
                 ("GRADE", "B", ""), ("STATUS", "16X", ""), ("DET1X", "I", PIXEL), ("DET1Y", "I", PIXEL),
                 ("X", "I", PIXEL), ("Y", "I", PIXEL)],
        wcs=plane(10, 11, 500.5, (201.3, -43.0), 6.82777777e-4), middle=510, step=7, whole=True,
        energies=[35, 200, 900, 1934, 34, 1935], good="GTI"),
    # eSASS4DR1, extensions of event files: X and Y of 0.05 arc seconds, PI in eV, good times of each telescope module.
    "erosita": dict(
        telescope="eROSITA", instrument="TM1", table="EVENTS",
        columns=[("TIME", "D", "s"), ("RA", "D", "deg"), ("DEC", "D", "deg"), ("X", "D", PIXEL), ("Y", "D", PIXEL),
                 ("PI", "E", "eV"), ("EV_WEIGHT", "E", ""), ("RAWX", "I", PIXEL), ("RAWY", "I", PIXEL), ("PHA", "I", "adu"),
                 ("PAT_TYP", "I", ""), ("FLAG", "J", ""), ("TM_NR", "B", "")],
        wcs=xmm_plane(129600.5, (133.0, -60.0), 0.05 / 3600, "SIN"), middle=129000.0, step=433.7, whole=False,
        energies=[200.0, 900.5, 1500, 2299, 199.5, 2300.5], good="GTI1", others=["FLAREGTI1"], more={"TM_NR": 1}),
    # The Suzaku Data Reduction Guide, 6.2: XIS.
    "suzaku": dict(
        telescope="SUZAKU", instrument="XIS1", table="EVENTS",
        columns=[("TIME", "D", "s"), ("SEGMENT", "B", ""), ("DETX", "I", PIXEL), ("DETY", "I", PIXEL), ("X", "I", PIXEL),
                 ("Y", "I", PIXEL), ("PHAS", "9I", "adu"), ("PI", "J", "chan"), ("STATUS", "J", ""), ("GRADE", "B", "")],
        wcs=plane(5, 6, 768.5, (186.7, 2.05), 2.895e-4, high=1536), middle=770, step=9, whole=True,
        energies=[137, 400, 1000, 1917, 136, 1918], good="GTI"),
    # XRISM Data Reduction Guide, chapter 7.
    "xtend": dict(
        telescope="XRISM", instrument="XTEND", table="EVENTS",
        columns=[("TIME", "D", "s"), ("CCD_ID", "B", ""), ("DETX", "I", PIXEL), ("DETY", "I", PIXEL), ("X", "I", PIXEL),
                 ("Y", "I", PIXEL), ("PHAS", "9I", "chan"), ("PI", "J", "chan"), ("GRADE", "B", ""), ("STATUS", "32X", "")],
        wcs=plane(5, 6, 1215.5, (81.26, -69.64), 4.911e-4, high=2430), middle=1200, step=11, whole=True,
        energies=[83, 400, 1000, 1666, 82, 1667], good="GTI"),
    # The same, chapter 6: PI of 0.5 eV.
    "resolve": dict(
        telescope="XRISM", instrument="RESOLVE", table="EVENTS",
        columns=[("TIME", "D", "s"), ("PIXEL", "B", ""), ("ITYPE", "B", ""), ("X", "I", PIXEL), ("Y", "I", PIXEL),
                 ("PI", "J", "chan"), ("EPI", "E", "eV"), ("STATUS", "16X", "")],
        wcs=plane(4, 5, 1215.5, (81.26, -69.64), 4.911e-4, high=2430), middle=1210, step=3, whole=True,
        energies=[4000, 9000, 13400, 19999, 3999, 20000], good="GTI"),
    # ROSAT, Rationalized Data Format: events in STDEVT, good times in STDGTI, rejected events in REJEVT.
    "rosat": dict(
        telescope="ROSAT", instrument="PSPCB", table="STDEVT",
        columns=[("X", "I", PIXEL), ("Y", "I", PIXEL), ("PHA", "I", "chan"), ("PI", "I", "chan"), ("TIME", "D", "s"),
                 ("DETX", "I", PIXEL), ("DETY", "I", PIXEL)],
        wcs=plane(1, 2, 7680.5, (10.63, 41.2), 1.388889e-4, high=15360), middle=7600, step=35, whole=True,
        energies=[50, 100, 150, 199, 49, 200], good="STDGTI", rejected="REJEVT"),
    # IXPE level 2: ixpeobssim, data format.
    "ixpe": dict(
        telescope="IXPE", instrument="GPD", table="EVENTS",
        columns=[("TRG_ID", "J", ""), ("TIME", "D", "s"), ("STATUS", "16X", ""), ("STATUS2", "16X", ""), ("PI", "J", "chan"),
                 ("W_MOM", "E", ""), ("X", "E", PIXEL), ("Y", "E", PIXEL), ("Q", "D", ""), ("U", "D", "")],
        wcs=plane(7, 8, 300.0, (83.63, 22.01), 7.2222222e-4, high=600), middle=301.3, step=4.25, whole=False,
        energies=[50, 80, 150, 199, 49, 200], good="GTI"),
    "chandra": dict(
        telescope="CHANDRA", instrument="ACIS", table="EVENTS",
        columns=[("time", "D", "s"), ("ccd_id", "I", ""), ("x", "E", PIXEL), ("y", "E", PIXEL), ("energy", "E", "eV"),
                 ("pi", "J", "chan"), ("grade", "I", ""), ("status", "32X", "")],
        wcs=plane(3, 4, 4096.5, (266.4, -29.0), 1.36666667e-4, high=8192.5, least=0.5), middle=4090.2, step=13.3, whole=False,
        energies=[500, 2000, 4000, 6999, 499, 7000], good="GTI", key="energy", more={"ccd_id": 3}, gti_cards={"CCD_ID": 3}),
    "xmm": dict(
        telescope="XMM", instrument="EPN", table="EVENTS",
        columns=[("TIME", "D", "s"), ("RAWX", "I", PIXEL), ("X", "J", "0.05 arcsec"), ("Y", "J", "0.05 arcsec"),
                 ("PHA", "I", "chan"), ("PI", "I", "chan"), ("FLAG", "J", ""), ("PATTERN", "B", ""), ("CCDNR", "B", "")],
        wcs=xmm_plane(25921, (83.6, 22.0), 0.05 / 3600, "TAN"), middle=25000, step=160, whole=True,
        energies=[500, 2000, 4000, 6999, 499, 7000], good="STDGTI04", more={"CCDNR": 4}),
}

ENERGY = {"swift": "0.3:10keV", "nustar": "3:79keV", "erosita": "0.2:2.3keV", "suzaku": "0.5:7keV", "xtend": "0.5:10keV",
          "resolve": "2:10keV", "rosat": "0.5:2keV", "ixpe": "2:8keV", "chandra": "0.5:7keV", "xmm": "0.5:7keV"}


def positions(mission):
    """Of eight events: six of other energies, one outside of the good times, one more for the middle."""
    steps = np.array([-3, -1, 0, 2, 3, -2, 1, 4])
    x = mission["middle"] + mission["step"] * steps
    y = mission["middle"] - mission["step"] * steps[::-1]
    return x, y


def table_of(mission, name, shift=0.0):
    x, y = positions(mission)
    energies = mission["energies"] + [mission["energies"][1]] * 2
    # The last but one lies between the two good times.
    times = [100, 110, 120, 310, 320, 130, 200, 330]
    columns = []
    key = mission.get("key", "PI")
    for title, form, unit in mission["columns"]:
        upper = title.upper()
        if form.endswith("X"):
            values = np.zeros((8, int(form[:-1])), bool)
        elif form == "9I":
            values = np.zeros((8, 9), int)
        else:
            values = np.full(8, mission.get("more", {}).get(title, 0))
        if upper == "X":
            values = x + shift
        elif upper == "Y":
            values = y
        elif title == key:
            values = energies
        elif upper == "TIME":
            values = times
        elif upper in ("RA", "DEC"):
            values = np.full(8, 10.0)
        columns.append(fits.Column(title, form, unit or None, array=np.array(values)))
    hdu = fits.BinTableHDU.from_columns(columns, name=name)
    for keyword, value in mission["wcs"]:
        hdu.header[keyword] = value
    hdu.header["TELESCOP"] = mission["telescope"]
    hdu.header["INSTRUME"] = mission["instrument"]
    hdu.header["HDUCLASS"] = "OGIP"
    hdu.header["HDUCLAS1"] = "EVENTS"
    hdu.header["RADECSYS"] = "FK5"
    hdu.header["EQUINOX"] = 2000.0
    hdu.header["EXPOSURE"] = 150.0
    return hdu


def good_times(name, intervals, cards=None):
    hdu = fits.BinTableHDU.from_columns(
        [fits.Column("START", "D", "s", array=[a for a, _ in intervals]),
         fits.Column("STOP", "D", "s", array=[b for _, b in intervals])], name=name)
    hdu.header["HDUCLAS1"] = "GTI"
    for keyword, value in (cards or {}).items():
        hdu.header[keyword] = value
    return hdu


def write(folder):
    for name, mission in MISSIONS.items():
        hdus = [fits.PrimaryHDU()]
        if "rejected" in mission:
            hdus.append(table_of(mission, mission["rejected"], 50))
        hdus.append(table_of(mission, mission["table"]))
        hdus.append(good_times(mission["good"], [(90, 150), (300, 340)], mission.get("gti_cards")))
        for other in mission.get("others", []):
            hdus.append(good_times(other, [(100, 101)]))
        fits.HDUList(hdus).writeto(f"{folder}/{name}.fits", overwrite=True)
    wrong(folder)
    print(json.dumps({name: ENERGY[name] for name in MISSIONS}))


def sky_image(data, **cards):
    hdu = fits.PrimaryHDU(data)
    for keyword, value in dict(CTYPE1="RA---TAN", CTYPE2="DEC--TAN", CRPIX1=8.5, CRPIX2=8.5, CRVL=None, CRVAL1=30.0, CRVAL2=10.0,
                               CDELT1=-1e-3, CDELT2=1e-3, CUNIT1="deg", CUNIT2="deg", **cards).items():
        if value is not None:
            hdu.header[keyword] = value
    return hdu


def wrong(folder):
    """Files that are no plain image of counts, and plain ones for the commands that need them."""
    rng = np.random.default_rng(5)
    counts = rng.poisson(3.0, (16, 16)).astype(np.int32)
    sky_image(counts, BUNIT="count").writeto(f"{folder}/counts.fits", overwrite=True)
    grid = np.indices((9, 9)) - 4
    psf = np.exp(-0.5 * (grid**2).sum(0) / 1.2**2)
    fits.PrimaryHDU(psf).writeto(f"{folder}/psf.fits", overwrite=True)
    table_of(MISSIONS["swift"], "EVENTS").writeto(f"{folder}/events.fits", overwrite=True)
    sky_image(np.full((16, 16), 2e7), BUNIT="cm2 s").writeto(f"{folder}/exposure.fits", overwrite=True)
    cube = rng.poisson(1.0, (3, 16, 16)).astype(np.int32)
    sky_image(cube, CTYPE3="ENERGY").writeto(f"{folder}/cube.fits", overwrite=True)
    packed = fits.CompImageHDU(counts, sky_image(counts).header, compression_type="RICE_1")
    fits.HDUList([fits.PrimaryHDU(), packed]).writeto(f"{folder}/packed.fits", overwrite=True)
    radii = np.linspace(0, 1e-2, 60)
    fits.BinTableHDU.from_columns(
        [fits.Column("R", "D", "deg", array=radii), fits.Column("PSF", "D", array=np.exp(-0.5 * (radii / 2e-3) ** 2))], name="PSF",
    ).writeto(f"{folder}/profile.fits", overwrite=True)
    region = fits.BinTableHDU.from_columns(
        [fits.Column("SHAPE", "16A", array=["CIRCLE"]), fits.Column("X", "D", array=[8.5]), fits.Column("Y", "D", array=[8.5]),
         fits.Column("R", "D", array=[5.0]), fits.Column("ROTANG", "D", array=[0.0]), fits.Column("COMPONENT", "J", array=[1])],
        name="REGION")
    region.header["HDUCLAS1"] = "REGION"
    region.writeto(f"{folder}/region.fits", overwrite=True)
    spectrum = fits.BinTableHDU.from_columns(
        [fits.Column("CHANNEL", "J", array=[1, 2]), fits.Column("COUNTS", "J", array=[4, 5])], name="SPECTRUM")
    spectrum.writeto(f"{folder}/spectrum.fits", overwrite=True)
    fits.BinTableHDU.from_columns(
        [fits.Column("E_MIN", "E", array=[1.0]), fits.Column("E_MAX", "E", array=[2.0])], name="EBOUNDS",
    ).writeto(f"{folder}/response.fits", overwrite=True)
    fits.PrimaryHDU(np.arange(32.0)).writeto(f"{folder}/row.fits", overwrite=True)
    sphere = fits.BinTableHDU.from_columns([fits.Column("VALUE", "E", "cm2 s", array=np.full(192, 1e7))], name="SKYMAP")
    for keyword, value in dict(PIXTYPE="HEALPIX", ORDERING="RING", NSIDE=4, COORDSYS="C").items():
        sphere.header[keyword] = value
    sphere.writeto(f"{folder}/healpix.fits", overwrite=True)
    # What people take for counts, and what lies in files beside events.
    sky_image(psf / psf.sum()).writeto(f"{folder}/kernel.fits", overwrite=True)
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(psf, name="PSF")]).writeto(f"{folder}/named_psf.fits", overwrite=True)
    sky_image(np.full((16, 16), 0.4), BUNIT="count").writeto(f"{folder}/expected.fits", overwrite=True)
    sky_image(np.full((16, 16), 812.5)).writeto(f"{folder}/seconds.fits", overwrite=True)
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU((counts >= 0).astype(np.uint8), name="MASK")]).writeto(
        f"{folder}/mask.fits", overwrite=True)
    sky_image(counts - 3.5).writeto(f"{folder}/residuals.fits", overwrite=True)
    sky_image(np.full((3, 16, 16), 2.5e7), CTYPE3="ENERGY", BUNIT="cm2 s").writeto(f"{folder}/exposure_cube.fits", overwrite=True)
    packed_map = fits.CompImageHDU(np.full((16, 16), 2.5e3, np.float32), sky_image(np.zeros((16, 16)), BUNIT="s").header,
                                   compression_type="GZIP_1")
    fits.HDUList([fits.PrimaryHDU(), packed_map]).writeto(f"{folder}/packed_exposure.fits", overwrite=True)
    fits.PrimaryHDU().writeto(f"{folder}/empty.fits", overwrite=True)
    fits.HDUList([fits.PrimaryHDU(), good_times("GTI", [(0, 1)])]).writeto(f"{folder}/gti.fits", overwrite=True)
    curve = fits.BinTableHDU.from_columns(
        [fits.Column("TIME", "D", "s", array=[0.0, 1.0]), fits.Column("RATE", "E", "count/s", array=[1.0, 2.0])], name="RATE")
    curve.header["HDUCLAS1"] = "LIGHTCURVE"
    curve.writeto(f"{folder}/curve.fits", overwrite=True)
    fits.BinTableHDU.from_columns([fits.Column("NAME", "8A", array=["a"])], name="SOURCES").writeto(
        f"{folder}/table.fits", overwrite=True)
    fits.TableHDU.from_columns([fits.Column("A", "F8.3", array=[1.5])], name="ASCII").writeto(f"{folder}/ascii.fits", overwrite=True)
    nothing = table_of(MISSIONS["swift"], "EVENTS")
    nothing.data = nothing.data[:0]
    nothing.writeto(f"{folder}/no_events.fits", overwrite=True)
    area = fits.BinTableHDU.from_columns([fits.Column("ENERG_LO", "E", array=[1.0]), fits.Column("SPECRESP", "E", array=[2.0])],
                                         name="SPECRESP")
    area.header["HDUCLAS1"] = "RESPONSE"
    area.writeto(f"{folder}/area.fits", overwrite=True)
    # Images in units of their own, and one of several of one name (INTEGRAL).
    sky_image(counts / 1e3, BUNIT="cts s-1").writeto(f"{folder}/rate.fits", overwrite=True)
    sky_image(np.full((16, 16), 1.25), BUNIT="arcsec").writeto(f"{folder}/psf_sizes.fits", overwrite=True)
    names = dict(EXTNAME="ISGR-SKY.-IMA")
    planes = [(counts / 1e3, "count/s"), (np.full((16, 16), 2000.5), "s")]
    fits.HDUList([fits.PrimaryHDU()] + [
        fits.ImageHDU(data, sky_image(data, BUNIT=unit, **names).header) for data, unit in planes
    ]).writeto(f"{folder}/same_name.fits", overwrite=True)
    # A list without positions on the sky, what only looks like events, and psfs that no image is made of here.
    detector = fits.BinTableHDU.from_columns(
        [fits.Column("TIME", "D", "d", array=[1.0]), fits.Column("DETY", "E", "mm", array=[1.0]),
         fits.Column("DETZ", "E", "mm", array=[1.0]), fits.Column("ISGRI_ENERGY", "E", "keV", array=[30.0])], name="ISGR-EVTS-ALL")
    fits.HDUList([fits.PrimaryHDU(), detector, good_times("IBIS-GNRL-GTI", [(0, 2)])]).writeto(
        f"{folder}/detector.fits", overwrite=True)
    fits.BinTableHDU.from_columns(
        [fits.Column("RA", "D", "deg", array=[1.0]), fits.Column("DEC", "D", "deg", array=[2.0])], name="SRCLIST",
    ).writeto(f"{folder}/catalogue.fits", overwrite=True)
    fits.BinTableHDU.from_columns(
        [fits.Column("ENERG_LO", "2E", array=[[1.0, 2.0]]), fits.Column("NCORE", "4E", array=[[1.0] * 4])], name="RPSF_FRONT",
    ).writeto(f"{folder}/irf.fits", overwrite=True)
    livetime = fits.BinTableHDU.from_columns([fits.Column("COSBINS", "4E", "s", array=np.ones((48, 4)))], name="EXPOSURE")
    for keyword, value in dict(PIXTYPE="HEALPIX", ORDERING="NESTED", NSIDE=2, COORDSYS="EQU", LASTPIX=47).items():
        livetime.header[keyword] = value
    livetime.writeto(f"{folder}/livetime.fits", overwrite=True)
    events = table_of(MISSIONS["rosat"], "STDEVT")
    fits.HDUList([fits.PrimaryHDU(), table_of(MISSIONS["rosat"], "REJEVT", 50), events]).writeto(
        f"{folder}/rejected.fits", overwrite=True)


def columns_wcs(header, x, y, mission):
    """The coordinates of the columns, by astropy where the keywords are those of the standard."""
    if any(keyword == f"TCTYP{x}" for keyword, _ in mission["wcs"]):
        return WCS(header, keysel=["pixel"], colsel=[x, y], naxis=2)
    wcs = WCS(naxis=2)
    values = dict(mission["wcs"])
    wcs.wcs.ctype = [values["REFXCTYP"], values["REFYCTYP"]]
    wcs.wcs.crpix = [values["REFXCRPX"], values["REFYCRPX"]]
    wcs.wcs.crval = [values["REFXCRVL"], values["REFYCRVL"]]
    wcs.wcs.cdelt = [values["REFXCDLT"], values["REFYCDLT"]]
    return wcs


def check(folder):
    answer = {}
    for name, image in json.load(sys.stdin).items():
        mission = MISSIONS[name]
        with fits.open(f"{folder}/{name}.fits") as hdus:
            header = hdus[mission["table"]].header
        titles = [title.upper() for title, _, _ in mission["columns"]]
        wcs = columns_wcs(header, titles.index("X") + 1, titles.index("Y") + 1, mission)
        with fits.open(f"{folder}/{image}") as hdus:
            counts, ours = hdus[0].data, WCS(hdus[0].header)
        x, y = positions(mission)
        inside = [0, 1, 2, 3, 7]  # energies in range, times among the good ones
        px, py = ours.all_world2pix(*wcs.all_pix2world(x[inside], y[inside], 1), 0)
        columns, rows = np.floor(px + 0.5).astype(int), np.floor(py + 0.5).astype(int)
        answer[name] = dict(
            sum=int(counts.sum()), found=int(sum(counts[row, column] for row, column in zip(rows, columns))),
            offset=[float(np.abs(px - columns).max()), float(np.abs(py - rows).max())], whole=mission["whole"],
            bunit=str(fits.getheader(f"{folder}/{image}")["BUNIT"]))
    print(json.dumps(answer))


if sys.argv[1] == "write":
    write(sys.argv[2])
else:
    check(sys.argv[2])
