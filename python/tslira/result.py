"""Results of the sampler, and images of the other methods, from their FITS files."""

from __future__ import annotations

import html
import shutil
import tempfile
import warnings
import weakref
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence, Union

import numpy as np
from astropy import units
from astropy.io import fits
from astropy.nddata import CCDData
from astropy.table import Table
from astropy.wcs import WCS, FITSFixedWarning

from . import program
from .errors import InvalidInputError

__all__ = ["LIRADeconvolverResult", "Report"]


def _named(observation: Optional[Mapping[str, Any]]) -> Sequence[str]:
    """Files of an observation as words of a command line."""
    return [word for name, value in (observation or {}).items() for word in (f"--{name}", str(value))]


class Report:
    """A report as one page of HTML, shown inside a notebook.

    Attributes
    ----------
    html : str
        The page.
    """

    def __init__(self, page: str):
        self.html = page

    def write(self, filename: Union[str, Path]) -> None:
        """Write the page to a file."""
        Path(filename).write_text(self.html, encoding="utf-8")

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{html.escape(self.html)}" style="width:100%;height:42em;border:0"></iframe>'


class LIRADeconvolverResult:
    """What a run found. Everything is read from its file when it is asked for.

    Parameters
    ----------
    filename : path
        FITS file that tslira wrote.
    """

    def __init__(self, filename: Union[str, Path]):
        self._path = Path(filename).absolute()
        with fits.open(self._path) as hdus:
            self._header = hdus[0].header.copy()
            self._names = [hdu.name for hdu in hdus]
        if "TSLIRA" not in self._header and "PREDICTED" not in self._names:
            raise InvalidInputError(f"{filename}: must be a result of tslira, got another FITS file; name its file")
        self._draws: Optional[np.ndarray] = None

    @classmethod
    def read(cls, filename: Union[str, Path]) -> LIRADeconvolverResult:
        """Open a result."""
        return cls(filename)

    def write(self, filename: Union[str, Path], overwrite: bool = False) -> None:
        """Copy the file of the result, all draws included.

        Parameters
        ----------
        filename : path
            Where to.
        overwrite : bool
            Whether a file of that name is replaced.
        """
        target = Path(filename)
        if target.exists() and not overwrite:
            raise OSError(f"{target}: must not exist, got a file; choose another name, or pass overwrite=True")
        if not target.exists() or not target.samefile(self._path):
            part = target.with_name(f".{target.name}.part")
            shutil.copyfile(self._path, part)
            part.replace(target)

    @property
    def filename(self) -> Path:
        """The file behind this result."""
        return self._path

    @property
    def header(self) -> fits.Header:
        """Header of the first HDU."""
        return self._header

    @property
    def unit(self) -> units.UnitBase:
        """Unit of the flux; dimensionless where the file names none that astropy knows."""
        return units.Unit(self._header.get("BUNIT", ""), parse_strict="silent")

    @property
    def wcs(self) -> Optional[WCS]:
        """Sky coordinates; None without."""
        if "CTYPE1" not in self._header:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FITSFixedWarning)
            wcs = WCS(self._header)
        return wcs.celestial if wcs.has_celestial else None

    def _image(self, name: Union[str, int]) -> CCDData:
        if isinstance(name, str) and name not in self._names:
            raise InvalidInputError(f"{self._path.name}: must hold {name}, got {', '.join(self._names)}; run a sampler")
        with fits.open(self._path) as hdus:
            hdu = hdus[name]
            unit = units.Unit(hdu.header.get("BUNIT", ""), parse_strict="silent")
            return CCDData(np.array(hdu.data, dtype=float), unit=unit, wcs=self.wcs)

    def _table(self, name: str) -> Table:
        if name not in self._names:
            raise InvalidInputError(f"{self._path.name}: must hold {name}, got {', '.join(self._names)}; run a sampler")
        return Table.read(self._path, hdu=name)

    @property
    def posterior_mean(self) -> CCDData:
        """Posterior mean of the flux ``[ny, nx]``; of a method that gives one image, that image."""
        return self._image(0)

    @property
    def std(self) -> CCDData:
        """Posterior standard deviation ``[ny, nx]``."""
        return self._image("POSTERIOR_STD" if "POSTERIOR_STD" in self._names else "STD")

    @property
    def quantiles(self) -> Dict[float, CCDData]:
        """Posterior quantiles ``[ny, nx]`` by their probability: 0.16, 0.5 and 0.84."""
        planes = self._image("POSTERIOR_QUANTILES")
        with fits.open(self._path) as hdus:
            header = hdus["POSTERIOR_QUANTILES"].header
            levels = [float(header[f"PROB{plane + 1}"]) for plane in range(planes.shape[0])]
        return {
            level: CCDData(planes.data[plane], unit=planes.unit, wcs=self.wcs) for plane, level in enumerate(levels)
        }

    @property
    def rhat(self) -> CCDData:
        """R-hat of each pixel ``[ny, nx]``."""
        return self._image("RHAT")

    @property
    def ess(self) -> CCDData:
        """Effective sample size of each pixel ``[ny, nx]``."""
        return self._image("ESS")

    @property
    def image_trace(self) -> np.ndarray:
        """Kept draws of the flux ``[draws, ny, nx]``, all of chain 0 first; mapped from the file, not read."""
        if "IMAGE_TRACE" not in self._names:
            self._table("IMAGE_TRACE")
        if self._draws is None:
            hdus = fits.open(self._path, memmap=True)
            weakref.finalize(self, hdus.close)
            self._draws = hdus["IMAGE_TRACE"].data
        return self._draws

    @property
    def parameter_trace(self) -> Table:
        """Parameters after every sweep, burn-in included: a row a sweep, all of chain 0 first."""
        return self._table("PARAMETER_TRACE")

    @property
    def diagnostics(self) -> Table:
        """Mean, error, R-hat and effective sample size of each parameter and of the worst pixels."""
        return self._table("DIAGNOSTICS")

    @property
    def ledger(self) -> Table:
        """Where the counts of each observation went."""
        return self._table("LEDGER")

    @property
    def config(self) -> Dict[str, Any]:
        """Settings of the run, pylira's names among them."""
        row = self._table("CONFIG")[0]
        return {name: row[name].tolist() if hasattr(row[name], "tolist") else row[name] for name in row.colnames}

    @property
    def n_burn_in(self) -> int:
        """Sweeps of burn-in, in the parameter trace alone: the image trace has none."""
        return int(self.config["burn_in"])

    @property
    def verdict(self) -> Dict[str, str]:
        """Do the chains agree? ``state`` (agree, weak, disagree or unknown), ``sentence`` and ``remedy``."""
        keys = {"state": "VERDICT", "sentence": "VERDTEXT", "remedy": "REMEDY"}
        return {name: str(self._header.get(key, "")) for name, key in keys.items()}

    @property
    def complete(self) -> bool:
        """Whether the run did all that it was asked to."""
        return bool(self._header.get("COMPLETE", True))

    def summary(self) -> str:
        """What ``tslira info`` says of the file."""
        return program.text(["info", str(self._path)])

    def report(self, observation: Optional[Mapping[str, Any]] = None) -> Report:
        """A report for people: pictures, tables, draws that play. Shown inside a notebook when it is the last value of a cell.

        Parameters
        ----------
        observation : dict, optional
            Files of the observation by the names counts, psf, exposure, background and mask, where they are no longer where the run read them.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.html"
            program.text(["report", str(self._path), *_named(observation), "-o", str(path), "-q"])
            return Report(path.read_text(encoding="utf-8"))

    def measure(
        self,
        circles: Sequence[Sequence[float]] = (),
        regions: Optional[Union[str, Path]] = None,
        source: str = "drawn",
        observation: Optional[Mapping[str, Any]] = None,
        progress: bool = True,
    ) -> Table:
        """Fluxes, limits and places of regions, from the draws: a row a region, what ``tslira measure`` finds.

        Parameters
        ----------
        circles : list of (x, y, radius), optional
            In pixels from 0.
        regions : path, optional
            DS9 region file or FITS image of labels.
        source : {"drawn", "point"}
            What shines in a region: light as the draws have it there, or a point at its centre.
        observation : dict, optional
            As for `report`.
        progress : bool
            Whether to show progress.
        """
        words = [word for circle in circles for word in ("--circle", ",".join(str(float(number)) for number in circle))]
        if regions is not None:
            words += ["--regions", str(regions)]
        return self._products("measure", [*words, "--source", source], observation, progress)

    def sources(
        self, false_alarms: float = 0.1, observation: Optional[Mapping[str, Any]] = None, progress: bool = True
    ) -> Table:
        """A catalogue of sources: what ``tslira sources`` finds, the brightest first.

        Parameters
        ----------
        false_alarms : float
            How many to expect in a field without sources.
        observation : dict, optional
            As for `report`.
        progress : bool
            Whether to show progress.
        """
        return self._products("sources", ["--false-alarms", str(false_alarms)], observation, progress)

    def _products(
        self, command: str, words: Sequence[str], observation: Optional[Mapping[str, Any]], progress: bool
    ) -> Table:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.fits"
            program.run([command, str(self._path), *words, *_named(observation), "-o", str(path), "--json"], progress)
            return Table.read(path, hdu=1)

    def __repr__(self) -> str:
        shape = " x ".join(str(self._header[f"NAXIS{axis}"]) for axis in (1, 2))
        verdict = self.verdict["sentence"]
        return f"<LIRADeconvolverResult: {shape} pixels{'; ' if verdict else ''}{verdict}>"

    def _axes(self, ax: Any, sky: bool = False, **more: Any) -> Any:
        if ax is not None:
            return ax
        import matplotlib.pyplot as plt

        figure = plt.figure(**more)
        return self._sky_axes(figure) if sky else figure.add_subplot()

    def _sky_axes(self, figure: Any, *place: int) -> Any:
        """Axes of an image: sky coordinates by their usual names, with few ticks, whose labels are long; or pixels."""
        wcs = self.wcs
        ax = figure.add_subplot(*place, projection=wcs)
        if wcs is not None:
            names = {"RA": ("RA", "Dec"), "GLON": ("l", "b")}.get(wcs.wcs.lngtyp, (wcs.wcs.lngtyp, wcs.wcs.lattyp))
            for axis, name in zip((wcs.wcs.lng, wcs.wcs.lat), names):
                ax.coords[axis].set_axislabel(name)
                ax.coords[axis].set_ticks(number=4)
                ax.coords[axis].set_ticklabel(exclude_overlapping=True)
        return ax

    def plot_posterior_mean(self, ax: Any = None, **kwargs: Any) -> Any:
        """Posterior mean, with sky coordinates where it has them. Returns the axes; ``kwargs`` are for ``imshow``.

        Colours are those of an asinh stretch from ``vmin``, by default 0, to ``vmax``, by default the maximum, unless ``norm`` is given.
        """
        from astropy.visualization import AsinhStretch, ImageNormalize

        ax = self._axes(ax, sky=True)
        image = self.posterior_mean
        if kwargs.get("norm") is None:
            top = float(np.nanmax(image.data)) or 1.0
            low, high = (kwargs.pop(name, None) for name in ("vmin", "vmax"))
            kwargs["norm"] = ImageNormalize(
                vmin=0 if low is None else low, vmax=top if high is None else high, stretch=AsinhStretch(0.02)
            )
        shown = ax.imshow(image.data, **{"origin": "lower", "interpolation": "nearest", **kwargs})
        ax.figure.colorbar(shown, ax=ax, label=f"flux [{image.unit}]" if str(image.unit) else "flux")
        return ax

    def _chains(self) -> Sequence[Table]:
        trace = self.parameter_trace
        return [trace[trace["chain"] == chain] for chain in np.unique(trace["chain"])]

    def _parameters(self, names: Optional[Sequence[str]]) -> Sequence[str]:
        """Columns that vary."""
        if names is not None:
            return names
        trace = self.parameter_trace
        wanted = [name for name in trace.colnames if name not in ("iteration", "chain")]
        return [name for name in wanted if np.ptp(trace[name]) > 0]

    def _grid(self, count: int, figsize: Optional[tuple]) -> Any:
        import matplotlib.pyplot as plt

        rows, columns = -(-count // 3), min(3, count)
        size = figsize or (4 * columns, 2.5 * rows)
        _, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, constrained_layout=True)
        for ax in axes.ravel()[count:]:
            ax.set_visible(False)
        return axes.ravel()[:count]

    def plot_parameter_traces(self, names: Optional[Sequence[str]] = None, figsize: Optional[tuple] = None) -> Any:
        """Traces of the parameters, a colour a chain; burn-in is grey. Returns the axes."""
        names = self._parameters(names)
        axes = self._grid(len(names), figsize)
        for ax, name in zip(axes, names):
            for chain in self._chains():
                ax.plot(chain["iteration"], chain[name], lw=0.5)
            ax.axvspan(0, self.n_burn_in, color="0.85", zorder=0)
            ax.set(xlabel="sweep", ylabel=name)
        return axes

    def plot_parameter_distributions(self, names: Optional[Sequence[str]] = None, figsize: Optional[tuple] = None) -> Any:
        """Histograms of the parameters after burn-in, a line a chain. Returns the axes."""
        names = self._parameters(names)
        axes = self._grid(len(names), figsize)
        for ax, name in zip(axes, names):
            for chain in self._chains():
                ax.hist(chain[name][chain["iteration"] > self.n_burn_in], bins=40, histtype="step", density=True)
            ax.set(xlabel=name, ylabel="density")
        return axes

    def plot_pixel_trace(self, center_pix: Sequence[int], ax: Any = None) -> Any:
        """Kept draws of the flux of a pixel ``(x, y)``. Returns the axes."""
        x, y = self._pixel(center_pix)
        ax = self._axes(ax)
        for draws in self._draws_of_chains():
            ax.plot(draws[:, y, x], lw=0.5)
        ax.set(xlabel="kept draw", ylabel=f"flux at ({x}, {y})")
        return ax

    def plot_pixel_traces_region(self, center_pix: Sequence[int], radius_pix: float = 1, figsize: Optional[tuple] = None) -> Any:
        """The image with a circle, beside the kept draws of every pixel within it. Returns the two axes."""
        import matplotlib.pyplot as plt

        x, y = self._pixel(center_pix)
        figure = plt.figure(figsize=figsize or (12, 4.5), constrained_layout=True)
        image_ax = self._sky_axes(figure, 1, 2, 1)
        trace_ax = figure.add_subplot(1, 2, 2)
        self.plot_posterior_mean(ax=image_ax)
        image_ax.add_patch(plt.Circle((x, y), radius_pix, fill=False, color="white"))
        ny, nx = self.posterior_mean.shape
        rows, columns = np.indices((ny, nx))
        inside = np.argwhere((columns - x) ** 2 + (rows - y) ** 2 <= radius_pix**2)
        for draws in self._draws_of_chains():
            for row, column in inside:
                middle = row == y and column == x
                trace_ax.plot(draws[:, row, column], lw=0.5, color="C1" if middle else "0.6", zorder=2 if middle else 1)
        trace_ax.set(xlabel="kept draw", ylabel=f"flux; orange: ({x}, {y})")
        return image_ax, trace_ax

    def _pixel(self, center_pix: Sequence[int]) -> Sequence[int]:
        x, y = (int(np.floor(place)) for place in center_pix)
        ny, nx = self.image_trace.shape[1:]
        if not (0 <= x < nx and 0 <= y < ny):
            raise InvalidInputError(
                f"center_pix: must be a pixel (x, y) from (0, 0) to ({nx - 1}, {ny - 1}), got {tuple(center_pix)}; choose one"
            )
        return x, y

    def _draws_of_chains(self) -> Sequence[np.ndarray]:
        kept = np.atleast_1d(self.config["chain_kept"])
        ends = np.cumsum(kept)
        return [self.image_trace[end - count : end] for end, count in zip(ends, kept)]
