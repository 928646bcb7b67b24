"""Tests of the Python package; run by ``python3 -m unittest`` or pytest, with the program that ``npm run build`` makes."""

import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
import warnings
from pathlib import Path

import numpy as np
from astropy import units
from astropy.io import fits
from astropy.nddata import CCDData, NDData, NDDataRef
from astropy.wcs import WCS
from astropy.wcs.wcsapi import BaseLowLevelWCS

import tslira
from tslira.observation import named_observation, observation_files
from tslira.data import disk_source_gauss_psf, point_source_gauss_psf

SHARED = Path(__file__).resolve().parents[3] / "shared"
SHORT = {"iterations": 300, "burn_in": 60, "chains": 2, "progress": False}


def shared(name):
    """A file of the data beside the checkout; a test that lacks it is skipped, or fails with TSLIRA_REQUIRE_SHARED=1."""
    path = SHARED / name
    if not path.exists():
        if os.environ.get("TSLIRA_REQUIRE_SHARED") == "1":
            raise FileNotFoundError(f"{path} (required by TSLIRA_REQUIRE_SHARED=1)")
        raise unittest.SkipTest(f"no ../shared/{name} beside the checkout")
    return path


def block_sums(images, size):
    """Sums over blocks of size x size pixels, ``[..., blocks]``."""
    *front, ny, nx = images.shape
    return images.reshape(*front, ny // size, size, nx // size, size).sum(axis=(-3, -1)).reshape(*front, -1)


def moments(batches, cautious=False):
    """Mean and standard error of batch means ``[chain, batch, ...]``.

    A chain may stay in one mode for longer than a batch: the cautious error is the larger of those of batches and of whole chains.
    """
    mean = batches.mean(axis=(0, 1))
    error = batches.std(axis=(0, 1), ddof=0) / np.sqrt(batches.shape[0] * batches.shape[1] - 1)
    if cautious:
        chains = batches.mean(axis=1)
        error = np.maximum(error, chains.std(axis=0, ddof=1) / np.sqrt(len(chains)))
    return mean, error


def deviations(ours, theirs):
    """Differences of two sets of batch means in their standard errors, as ../shared/reference/README.md defines them."""
    (a, error_a), (b, error_b) = ours, theirs
    return (a - b) / np.sqrt(error_a**2 + error_b**2 + 1e-12)


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


def celestial():
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = "RA---TAN", "DEC--TAN"
    wcs.wcs.crval = 266.4, -29.0
    wcs.wcs.crpix = 16, 16
    wcs.wcs.cdelt = -1e-3, 1e-3
    return wcs


class PyliraFace(unittest.TestCase):
    def test_example_of_the_talk(self):
        from tslira import LIRADeconvolver, LIRADeconvolverResult

        random_state = np.random.RandomState(372)
        data = point_source_gauss_psf()
        data["flux_init"] = random_state.gamma(10, size=(32, 32))
        deconvolve = LIRADeconvolver(
            alpha_init=np.ones(5), n_iter_max=500, n_burn_in=50, random_state=random_state
        )
        result = deconvolve.run(data=data, progress=False)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pylira-result.fits"
            result.write(path)
            read = LIRADeconvolverResult.read(path)
            np.testing.assert_array_equal(read.posterior_mean.data, result.posterior_mean.data)
            self.assertRaises(OSError, result.write, path)
        # 1,000 counts, within five posterior standard deviations.
        total = result.image_trace.sum(axis=(1, 2))
        self.assertLess(abs(total.mean() - 1000), 5 * total.std())
        self.assertEqual(result.image_trace.shape, (4 * 450, 32, 32))
        self.assertEqual(len(result.parameter_trace), 4 * 500)
        self.assertEqual(result.n_burn_in, 50)
        self.assertIn("smoothingParam4", result.parameter_trace.colnames)
        config = result.config
        self.assertEqual((config["boundary"], config["cycle_spin"]), ("wrap", "random"))
        self.assertEqual((config["ms_al_kap1"], config["ms_al_kap2"], config["ms_al_kap3"]), (0, 1000, 3))
        self.assertEqual((config["ms_ttlcnt_pr"], config["ms_ttlcnt_exp"]), (1, 0.05))

    def test_code_of_the_talk_itself(self):
        talk = shared("design/pylira-talk.txt").read_text(encoding="utf-8")
        blocks = [block for block in re.findall(r"```\n(.*?)```", talk, flags=re.DOTALL) if "pylira" in block]
        self.assertEqual(len(blocks), 4)
        matplotlib = self.figures()
        names = {}
        here = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                for block in blocks:
                    code = re.sub(r"^from pylira", "from tslira", block, flags=re.MULTILINE)
                    # A slip of the slide: numpy has no such name.
                    code = code.replace("np.RandomState", "np.random.RandomState")
                    if "plot_" not in code or matplotlib:
                        exec(code, names)
            finally:
                os.chdir(here)
            result = names["result"]
            self.assertEqual(len(result.parameter_trace), 4 * 5000)
            total = result.image_trace.sum(axis=(1, 2), dtype=float)
        # 1,000 counts, within five posterior standard deviations.
        self.assertLess(abs(total.mean() - 1000), 5 * total.std())

    def test_a_preset_keeps_its_prior(self):
        def prior(**settings):
            run = tslira.LIRADeconvolver(n_iter_max=20, n_burn_in=5, random_state=1, chains=2, **settings)
            config = run.run(data, progress=False).config
            return [config[name] for name in ("ms_ttlcnt_pr", "ms_ttlcnt_exp", "ms_al_kap1", "ms_al_kap2", "ms_al_kap3")]

        data = point_source_gauss_psf()
        self.assertEqual(prior(preset="lira-paper"), [1, 0.05, 1, 0.02, 1])
        self.assertEqual(prior(preset="lira-paper", ms_al_kap1=0, ms_al_kap2=9, ms_al_kap3=2), [1, 0.05, 0, 9, 2])
        self.assertEqual(prior(ms_al_kap2=9), [1, 0.05, 0, 9, 3])
        self.assertEqual(tslira.LIRADeconvolver().to_dict()["ms_al_kap2"], 1000)
        with self.assertRaisesRegex(tslira.InvalidInputError, "together beside a preset, got no ms_al_kap1, ms_al_kap3"):
            tslira.LIRADeconvolver(preset="lira-paper", ms_al_kap2=9)

    def figures(self):
        try:
            import matplotlib
        except ImportError:
            return None
        matplotlib.use("Agg")
        return matplotlib

    def run_reference(self, hdus, sweeps, **settings):
        """Image batches ``[chain, batch, ny, nx]`` and parameter batches ``{name: [chain, batch]}`` of four chains."""
        header = hdus[0].header
        data = {"counts": hdus[0].data, **{name: hdus[name.upper()].data for name in ("psf", "exposure", "background", "flux_init")}}
        result = tslira.LIRADeconvolver(
            alpha_init=np.full(5, header["ALPHA0"]),
            n_iter_max=sweeps,
            n_burn_in=sweeps // 5,
            random_state=7,
            **{
                "fit_background_scale": bool(header["FITBKG"]),
                "ms_ttlcnt_pr": header["TTLPR"],
                "ms_ttlcnt_exp": header["TTLEXP"],
                **{f"ms_al_kap{k}": header[f"KAPPA{k}"] for k in (1, 2, 3)},
                **settings,
            },
        ).run(data, progress=False)
        draws = np.asarray(result.image_trace, float) * header["EXPMAX"]
        batches = draws.reshape(4, header["NBATCH"], -1, *draws.shape[1:]).mean(axis=2)
        trace = result.parameter_trace
        trace = trace[trace["iteration"] > result.n_burn_in]
        parameters = {
            name: np.asarray(trace[name], float).reshape(4, header["NBATCH"], -1).mean(axis=2)
            for name in trace.colnames
            if name not in ("iteration", "chain")
        }
        return batches, parameters

    def test_posterior_of_the_original_code(self):
        # The acceptance statistic of ../shared/reference/README.md, with as many sweeps as the reference has: four chains of 10,000.
        with fits.open(shared("reference/point32.fits.gz")) as hdus:
            theirs = np.asarray(hdus["BATCHMEAN"].data, float)
            rows = {row["name"].strip(): row for row in hdus["PARAMETERS"].data}
            ours, parameters = self.run_reference(hdus, 10_000)
            fixed, _ = self.run_reference(hdus, 1_000, fit_background_scale=False)
        for size in (1, 2, 4, 8):
            mine, reference = block_sums(ours, size), block_sums(theirs, size)
            z = deviations(moments(mine, cautious=True), moments(reference))
            own = rms(deviations(moments(reference[:1]), moments(reference[1:])))
            self.assertLessEqual(rms(z), 1.5 * max(1, own), f"blocks of {size}")
        total = moments(block_sums(theirs, 32))
        self.assertLessEqual(abs(deviations(moments(block_sums(ours, 32), cautious=True), total)[0]), 4)
        self.assertEqual(len(rows), 7)
        for name, row in rows.items():
            mean, error = moments(parameters[name], cautious=True)
            self.assertLessEqual(abs(mean - row["mean"]), 4 * np.hypot(error, row["mcse"]), name)
        # Another model is told apart: with the background fixed at 1, where the reference finds 0.954 +- 0.024, flux is missing.
        self.assertGreater(abs(deviations(moments(block_sums(fixed, 32), cautious=True), total)[0]), 4)


class Elsewhere(BaseLowLevelWCS):
    """Sky coordinates that FITS has no words for."""

    pixel_n_dim = world_n_dim = 2
    world_axis_physical_types = ["pos.eq.ra", "pos.eq.dec"]
    world_axis_units = ["deg", "deg"]
    world_axis_object_components = []
    world_axis_object_classes = {}

    def pixel_to_world_values(self, *pixels):
        return pixels

    def world_to_pixel_values(self, *world):
        return world


class Files(unittest.TestCase):
    """What the program is given, without running it."""

    COUNTS = np.arange(64.0).reshape(8, 8)
    MASK = COUNTS < 8

    def files(self, **observation):
        """Images by their names, and what is no image."""
        with tempfile.TemporaryDirectory() as folder:
            files = observation_files(named_observation(observation), Path(folder))
            return {
                name: fits.getdata(value) if str(value).startswith(folder) else value for name, value in files.items()
            }

    def refuses(self, *words, **observation):
        with self.assertRaises(tslira.InvalidInputError) as caught:
            self.files(**observation)
        for word in words:
            self.assertIn(word, str(caught.exception))
        self.assertNotEqual(caught.exception.remedy, "")

    def test_masked_pixels_of_counts_are_not_used(self):
        for counts in (
            np.ma.masked_array(self.COUNTS, self.MASK),
            np.ma.masked_array(self.COUNTS.astype(int), self.MASK),
            CCDData(self.COUNTS, unit="ct", mask=self.MASK),
            NDData(np.ma.masked_array(self.COUNTS, self.MASK)),
        ):
            files = self.files(counts=counts)
            np.testing.assert_array_equal(files["mask"], ~self.MASK)
            # Nor is what lies beneath, whatever it is.
            np.testing.assert_array_equal(files["counts"], np.where(self.MASK, 0, self.COUNTS))
            # A mask beside it takes pixels away too.
            files = self.files(counts=counts, mask=~self.MASK.T)
            np.testing.assert_array_equal(np.isnan(files["counts"]), self.MASK)
            np.testing.assert_array_equal(files["mask"], ~self.MASK.T)
        files = self.files(counts=self.COUNTS, mask=np.ma.masked_array(np.ones((8, 8)), self.MASK))
        np.testing.assert_array_equal(files["mask"], ~self.MASK)
        self.refuses("counts: its mask", "(8, 8)", counts=NDData(self.COUNTS, mask=np.zeros((3, 3), bool)))

    def test_masked_pixels_of_exposure_and_background_are_unknown(self):
        for name in ("exposure", "background"):
            for image in (np.ma.masked_array(np.ones((8, 8), int), self.MASK), CCDData(np.ones((8, 8)), unit="", mask=self.MASK)):
                files = self.files(counts=self.COUNTS, **{name: image})
                np.testing.assert_array_equal(files[name], np.where(self.MASK, np.nan, 1))
        self.refuses("psf: must be known", "8 masked", psf=np.ma.masked_array(self.COUNTS, self.MASK))

    def test_units_are_those_of_counts(self):
        for unit in (units.ct, units.ph, units.electron, units.ct / units.pix, units.dimensionless_unscaled):
            np.testing.assert_array_equal(self.files(counts=self.COUNTS * unit)["counts"], self.COUNTS)
            np.testing.assert_array_equal(self.files(background=self.COUNTS * unit)["background"], self.COUNTS)
        np.testing.assert_array_equal(self.files(counts=fits.PrimaryHDU(self.COUNTS, fits.Header({"BUNIT": "odd"})))["counts"], self.COUNTS)
        for unit in (units.m, units.ct / units.s, units.adu, units.mag):
            self.refuses("counts: must be what was counted", str(unit), "exposure", counts=units.Quantity(self.COUNTS, unit))
        self.refuses("ct / s", counts=fits.PrimaryHDU(self.COUNTS, fits.Header({"BUNIT": "counts/s"})))
        self.refuses("adu", counts=CCDData(self.COUNTS, unit="adu"))

    def test_numbers_are_of_types_that_fits_has(self):
        for given, written in ((np.float16, "f4"), (np.longdouble, "f8"), (np.float32, "f4"), (bool, "u1"), (np.int64, "i8")):
            data = self.files(counts=self.COUNTS.astype(given))["counts"]
            self.assertEqual(data.dtype.str[1:], written)
            np.testing.assert_array_equal(data, self.COUNTS.astype(given))
        for given in (complex, object, str):
            self.refuses("counts: must be an array of real numbers", counts=self.COUNTS.astype(given))
        self.refuses("counts: must be an array", counts=[[1, 2], [3]])

    def test_names_are_those_of_the_user(self):
        here = os.getcwd()
        files = self.files(counts="nope.fits", psf=Path("a.fits[PSF]"), mask="!mask.fits", psf_law="fixed", backgroundUnit="flux")
        self.assertEqual(
            files,
            {"counts": f"{here}/nope.fits", "psf": f"{here}/a.fits[PSF]", "mask": f"!{here}/mask.fits", "psfLaw": "fixed", "backgroundUnit": "flux"},
        )
        self.assertEqual(self.files(psf="gaussian:fwhm=2")["psf"], "gaussian:fwhm=2")


class Images(unittest.TestCase):
    def test_parts_of_an_image_keep_their_sky_coordinates(self):
        data, settings = point_source_gauss_psf(), {"method": "richardson-lucy", "iterations": 2, "progress": False}
        cube = WCS(naxis=3)
        cube.wcs.ctype = "RA---TAN", "DEC--TAN", "FREQ"
        cube.wcs.crval = 266.4, -29.0, 1e9
        cube.wcs.crpix = 16, 16, 1
        cube.wcs.cdelt = -1e-3, 1e-3, 1e6
        for part in (
            NDDataRef(data["counts"], wcs=celestial())[4:28, 2:26],
            NDDataRef(data["counts"], wcs=celestial())[3:, 1:][1:25, 1:25],
            NDDataRef(np.array([data["counts"]] * 2), wcs=cube)[1, 4:28, 2:26],
        ):
            wcs = tslira.deconvolve(part, "gaussian:sigma=1", **settings).wcs
            np.testing.assert_allclose(wcs.wcs_pix2world([[0, 0]], 0), celestial().wcs_pix2world([[2, 4]], 0), rtol=0, atol=1e-9)
        with self.assertWarnsRegex(tslira.TsliraWarning, "sky coordinates should be those of FITS, got Elsewhere"):
            self.assertIsNone(tslira.deconvolve(NDDataRef(data["counts"], wcs=Elsewhere()), data["psf"], **settings).wcs)

    def test_units_of_a_background_go_with_its_exposure(self):
        data, settings = disk_source_gauss_psf(random_state=3), {"method": "richardson-lucy", "iterations": 2, "progress": False}

        def run(background, exposure):
            return tslira.deconvolve(data["counts"], data["psf"], background=data["background"] * background, exposure=exposure, **settings)

        exposure = data["exposure"] * units.Unit("m2 s")
        run(units.Unit("ph / (m2 s)"), exposure)
        for background, beside in ((units.m, None), (units.m, data["exposure"]), (units.m, exposure), (units.Unit("ph / (cm2 s)"), exposure)):
            with self.assertRaisesRegex(tslira.InvalidInputError, "background.* got BUNIT"):
                run(background, beside)

    def test_what_observations_have_in_common(self):
        data = disk_source_gauss_psf(random_state=3)
        mask = np.ones((32, 32))
        mask[:, :4] = 0
        more = {name: data[name] for name in ("psf", "exposure", "background")}
        settings = {**SHORT, "iterations": 20, "burn_in": 5}
        counts = [{"counts": data["counts"]}] * 2
        common = tslira.deconvolve(counts, **more, mask=mask, background_unit="counts", **settings)
        own = [{**one, **more, "mask": mask, "background_unit": "counts"} for one in counts]
        each = tslira.deconvolve(own, "gaussian:sigma=9", **settings)
        np.testing.assert_array_equal(common.posterior_mean.data, each.posterior_mean.data)
        with self.assertRaises(tslira.InvalidInputError) as caught:
            tslira.deconvolve([*own, {**own[0], "expsure": data["exposure"]}], **settings)
        self.assertIn("observation 3: key must be a known one, got 'expsure'; did you mean 'exposure'?", str(caught.exception))

    def test_names_and_values_that_are_none(self):
        counts, psf = np.ones((8, 8)), np.full((3, 3), 1 / 9)
        for keyword, said in (
            ({"background_units": "counts"}, "deconvolve: keyword must be a known one, got 'background_units'; did you mean 'background_unit'?"),
            ({"burnIn": 3}, "did you mean 'burn_in'?"),
            ({"xyz": 3}, "choose from accelerate, adaptive_prior"),
            ({"psf_trim": 1}, "deconvolve: psf_trim must be that of an observation"),
            ({"seed": {1}}, "seed: must be int >= 0 and <= 9007199254740991, got {1}; change it"),
            ({"trace_every": float("nan")}, "trace_every: must be int >= 1 and <= 1000000000, got nan"),
        ):
            with self.assertRaises(tslira.InvalidInputError) as caught:
                tslira.deconvolve(counts, psf, **keyword)
            self.assertIn(said, str(caught.exception))
        with self.assertRaisesRegex(tslira.InvalidInputError, "LIRADeconvolver: keyword .* 'n_iter'; did you mean 'n_iter_max'"):
            tslira.LIRADeconvolver(n_iter=3)
        with self.assertWarnsRegex(tslira.TsliraWarning, "data: keys should be known ones, got 'exposur'; did you mean 'exposure'"):
            tslira.LIRADeconvolver(n_iter_max=4, n_burn_in=2, chains=1).run({"counts": counts, "psf": psf, "exposur": psf, "flux": psf}, progress=False)

    def test_ccddata_keeps_unit_wcs_and_mask(self):
        data = disk_source_gauss_psf(random_state=3)
        mask = np.zeros((32, 32), bool)
        mask[:, :4] = True
        counts = CCDData(data["counts"], unit="count", wcs=celestial(), mask=mask)
        exposure = CCDData(data["exposure"], unit="cm2 s", wcs=celestial())
        result = tslira.deconvolve(counts, data["psf"], exposure=exposure, background=data["background"], **SHORT)
        mean = result.posterior_mean
        self.assertEqual(mean.unit, units.Unit("ph / (cm2 s pix)"))
        np.testing.assert_allclose(mean.wcs.wcs.crval, [266.4, -29.0])
        self.assertEqual(sorted(result.quantiles), [0.16, 0.5, 0.84])
        self.assertTrue((result.std.data >= 0).all())
        self.assertIn(result.verdict["state"], ("agree", "weak", "disagree", "unknown"))
        self.assertLess(result.ledger["observed"][0], data["counts"].sum())

    def test_paths_hdus_names_and_several_observations(self):
        data = point_source_gauss_psf(random_state=np.random.default_rng(1))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "counts.fits"
            fits.PrimaryHDU(data["counts"]).writeto(path)
            hdu = fits.ImageHDU(data["background"])
            one = tslira.deconvolve(path, "gaussian:sigma=3", background=hdu, seed=4, **SHORT)
            again = tslira.deconvolve(data["counts"], "gaussian:sigma=3", background=data["background"], seed=4, **SHORT)
            np.testing.assert_array_equal(one.posterior_mean.data, again.posterior_mean.data)
            joint = tslira.deconvolve(
                [{"counts": path, "psf": data["psf"]}, {"counts": data["counts"], "psf": data["psf"]}], **SHORT
            )
            self.assertEqual(len(joint.ledger), 2)

    def test_other_methods_and_reports(self):
        data = point_source_gauss_psf()
        lucy = tslira.deconvolve(
            data["counts"], data["psf"], method="richardson-lucy", iterations=20, filename_out=None, progress=False
        )
        self.assertEqual(lucy.posterior_mean.shape, (32, 32))
        self.assertRaises(tslira.InvalidInputError, lambda: lucy.image_trace)
        result = tslira.deconvolve(data["counts"], data["psf"], background=data["background"], **SHORT)
        self.assertIn("verdict", result.summary())
        self.assertIn("<iframe", result.report()._repr_html_())

    def test_fluxes_limits_and_catalogues_are_tables(self):
        data = point_source_gauss_psf()
        counts = CCDData(data["counts"], unit="count", wcs=celestial())
        result = tslira.deconvolve(counts, data["psf"], background=data["background"], **SHORT)
        measured = result.measure(circles=[(16, 16, 3), (7, 7, 3)], source="point", progress=False)
        self.assertEqual(measured["source_flux"].unit, units.ct)
        # A source of 1,000 counts in the one, within its 99.7 %, and none in the other.
        self.assertTrue(measured["source_flux_low_99_7"][0] < 1000 < measured["source_flux_high_99_7"][0])
        self.assertLess(measured["p_chance"][0], 1e-20)
        self.assertGreater(measured["p_chance"][1], 1e-3)
        sources = result.sources(progress=False)
        self.assertEqual(len(sources), 1)
        self.assertLess(abs(sources["lon"][0] - float(result.wcs.wcs_pix2world([[16, 16]], 0)[0, 0])), 1e-3)
        self.assertRaises(tslira.InvalidInputError, result.measure, progress=False)


class Errors(unittest.TestCase):
    def test_have_code_message_and_remedy(self):
        data = point_source_gauss_psf()
        with self.assertRaises(tslira.InvalidInputError) as caught:
            tslira.deconvolve(data["counts"] + 0.5, data["psf"], **SHORT)
        self.assertEqual(caught.exception.code, "INVALID_INPUT")
        self.assertIn("counts", str(caught.exception))
        self.assertNotEqual(caught.exception.remedy, "")
        self.assertRaises(ValueError, tslira.deconvolve, data["counts"], data["psf"], itrations=3)
        with self.assertRaisesRegex(tslira.InvalidInputError, "power, rate, exponent.*got 4"):
            tslira.deconvolve(data["counts"], data["psf"], smoothing_prior=(2, 0.02, 1, 9))

    def test_name_what_the_user_gave(self):
        data = point_source_gauss_psf()
        here = re.escape(os.getcwd())
        for image in ({"counts": "nope.fits"}, {"psf": "nope.fits"}, {"exposure": "nope.fits"}, {"start": "nope.fits"}):
            with self.assertRaisesRegex(tslira.InvalidInputError, f"^{here}/nope.fits: "):
                tslira.deconvolve(**{"counts": data["counts"], "psf": data["psf"], **image}, **SHORT)
        with self.assertRaises(tslira.InvalidInputError) as caught:
            tslira.deconvolve(data["counts"], data["psf"], exposure=1e4 * data["exposure"], background=1e4 * data["background"], **SHORT)
        self.assertTrue(str(caught.exception).startswith("background.fits: "), caught.exception)

    def test_node_is_looked_for(self):
        os.environ["TSLIRA_NODE"] = "/nowhere/node"
        try:
            self.assertRaises(tslira.JobError, point_source_gauss_psf)
        finally:
            del os.environ["TSLIRA_NODE"]

    def test_warnings_are_warnings(self):
        data = point_source_gauss_psf()
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            tslira.deconvolve(
                data["counts"], data["psf"], background=data["background"], background_unit="counts", **SHORT
            )
        places = [one.filename for one in seen if issubclass(one.category, tslira.TsliraWarning)]
        self.assertEqual(set(places), {__file__})

    def test_an_interrupt_leaves_the_partial_result(self):
        script = textwrap.dedent(
            """
            import tslira
            from tslira.data import point_source_gauss_psf
            data = point_source_gauss_psf()
            print("ready", flush=True)
            try:
                tslira.deconvolve(data["counts"], data["psf"], iterations=10_000_000, workers=2)
            except tslira.Interrupted as stopped:
                print(stopped.result.complete, stopped.result.posterior_mean.data.sum() > 0)
            """
        )
        own = tempfile.TemporaryDirectory()
        self.addCleanup(own.cleanup)
        child = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": own.name}
        )
        self.assertEqual(child.stdout.readline().strip(), "ready")
        # Until a chain has written something.
        rows = f"{own.name}/tslira-*/result.fits.checkpoint/chain-*.rows"
        while not glob.glob(rows) and child.poll() is None:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        out, error = child.communicate(timeout=60)
        self.assertEqual(out.strip(), "False True", error)


class Plots(unittest.TestCase):
    def test_under_the_names_of_pylira(self):
        try:
            import matplotlib
        except ImportError:
            self.skipTest("matplotlib is not installed")
        matplotlib.use("Agg")
        data = point_source_gauss_psf()
        counts = CCDData(data["counts"], unit="count", wcs=celestial())
        result = tslira.deconvolve(counts, data["psf"], background=data["background"], **SHORT)
        ax = result.plot_posterior_mean(vmin=1, vmax=3)
        self.assertEqual(ax.images[0].get_clim(), (1, 3))
        self.assertEqual([ax.coords[axis].get_axislabel() for axis in (0, 1)], ["RA", "Dec"])
        result.plot_parameter_traces()
        result.plot_parameter_distributions()
        result.plot_pixel_trace(center_pix=(16, 16))
        for outside in ((-1, -1), (40, 40), (0, 32)):
            for plot in (result.plot_pixel_trace, result.plot_pixel_traces_region):
                with self.assertRaisesRegex(tslira.InvalidInputError, r"from \(0, 0\) to \(31, 31\), got"):
                    plot(outside)
        left, right = result.plot_pixel_traces_region(center_pix=(16, 16), radius_pix=2)
        # 13 pixels within 2 of one, in each of two chains.
        self.assertEqual(len(right.lines), 26)
        folder = os.environ.get("TSLIRA_FIGURES")
        if folder:
            left.figure.savefig(f"{folder}/pixel-traces.png", dpi=80)
            result.plot_parameter_traces()[0].figure.savefig(f"{folder}/traces.png", dpi=80)


if __name__ == "__main__":
    unittest.main()
