"""Runs the program: finds Node.js, passes progress and warnings on, turns errors into exceptions."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Optional, Sequence

from .errors import JobError, TsliraError, error_of, warn

_OLDEST_NODE = (20, 19)


@lru_cache(maxsize=None)
def _checked_node(path: str) -> str:
    try:
        text = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise JobError(f"node: {path} must be Node.js, got {error}; set TSLIRA_NODE to its path") from error
    found = re.match(r"v(\d+)\.(\d+)", text)
    if found is None or (int(found[1]), int(found[2])) < _OLDEST_NODE:
        raise JobError(
            f"node: must be Node.js >= {_OLDEST_NODE[0]}.{_OLDEST_NODE[1]}, got {text.strip()} at {path}; "
            "install a newer one (https://nodejs.org) or set TSLIRA_NODE to its path"
        )
    return path


def find_node() -> str:
    """Path of Node.js: ``TSLIRA_NODE``, else ``node`` on the PATH.

    Raises
    ------
    JobError
        When there is none, or it is too old.
    """
    path = os.environ.get("TSLIRA_NODE") or shutil.which("node")
    if path is None:
        raise JobError(
            "node: Node.js must be on the PATH, got none; install it (https://nodejs.org) or set TSLIRA_NODE to its path"
        )
    return _checked_node(path)


def find_program() -> Path:
    """The program of this package; in a checkout the one that ``npm run build`` makes."""
    here = Path(__file__).resolve()
    places = [here.parent / "program" / "dist", here.parents[2] / "dist"]
    for place in places:
        main = place / "cli" / "main.js"
        if main.exists():
            return main
    raise JobError(f"program: {places[0]} must hold the program, got none; install the package again, or run npm run build")


class _Progress:
    """Progress in tqdm's bar when tqdm is installed, else as one line that is rewritten on a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._shown = False

    def __call__(self, progress: dict) -> None:
        total = progress.get("total")
        if total is not None:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                pass
            else:
                if self._bar is None or self._bar.total != total:
                    self.close()
                    self._bar = tqdm(total=total, desc=progress["stage"], unit="sweep" if total > 1 else "")
                self._bar.update(progress["done"] - self._bar.n)
                return
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{progress['text']}")
            sys.stderr.flush()
            self._shown = True

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            self._shown = False


def _follow(process: subprocess.Popen, show: Callable[[dict], None], private: str) -> tuple[Optional[TsliraError], list[str]]:
    """Read the lines of a running program to their end. Returns its error, and lines that are none of its messages."""
    error: Optional[TsliraError] = None
    other: list[str] = []
    for line in process.stderr:  # type: ignore[union-attr]
        try:
            event = json.loads(line)
        except ValueError:
            other.append(line.rstrip())
            continue
        if "progress" in event:
            show(event["progress"])
        elif "error" in event:
            error = error_of(event["error"]["code"], event["error"]["message"].replace(private, ""))
        elif "tslira: warning: " in event["message"]:
            warn(event["message"].split("tslira: warning: ", 1)[1].replace(private, ""))
    return error, other


def _command(arguments: Sequence[str]) -> list[str]:
    return [find_node(), str(find_program()), *arguments]


def _environment() -> dict[str, str]:
    """The program tells everything as lines of JSON."""
    return {**os.environ, "TSLIRA_STDERR": "json"}


def run(arguments: Sequence[str], progress: bool = True, private: str = "\0") -> tuple[Any, bool]:
    """Run a command of the program that knows ``--json``.

    Parameters
    ----------
    arguments : sequence of str
        Words of the command line.
    progress : bool
        Whether to show progress.
    private : str
        Beginning of paths that the caller made and nobody knows: messages leave it out.

    Returns
    -------
    data : object
        What the command printed as JSON; None when it printed nothing.
    interrupted : bool
        Whether it was stopped by Ctrl-C, or the interrupt of a notebook, and kept what it had.

    Raises
    ------
    TsliraError
        As the program says.
    """
    show = _Progress()
    # A session of its own: a terminal's Ctrl-C reaches Python alone, which passes it on once.
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            _command(arguments),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            env=_environment(),
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        stopped = False
        try:
            while True:
                try:
                    error, other = _follow(process, show if progress else lambda _: None, private)
                    code = process.wait()
                    break
                except KeyboardInterrupt:
                    if stopped:
                        raise
                    stopped = True
                    process.send_signal(signal.SIGINT)
        finally:
            show.close()
            if process.poll() is None:
                process.kill()
                process.wait()
            process.stderr.close()  # type: ignore[union-attr]
        out.seek(0)
        text = out.read()
    interrupted = stopped or code == 130
    if error is not None and not (interrupted and error.code == "ABORTED"):
        raise error
    if code not in (0, 3) and not interrupted:
        raise JobError(f"program: must end by itself, got exit code {code}: {' '.join(other)[-500:]}; run it again")
    return (json.loads(text) if text.strip() else None), interrupted


def text(arguments: Sequence[str]) -> str:
    """Run a command, and give what it prints.

    Raises
    ------
    TsliraError
        As the program says.
    """
    done = subprocess.run(
        _command(arguments), capture_output=True, text=True, encoding="utf-8", env=_environment()
    )
    for line in done.stderr.splitlines():
        if line.startswith('{"error"'):
            error = json.loads(line)["error"]
            raise error_of(error["code"], error["message"])
    if done.returncode != 0:
        raise JobError(f"program: must end by itself, got exit code {done.returncode}: {done.stderr[-500:]}; run it again")
    return done.stdout
