"""Sharpen a real scene through qgis_process and measure the result against the truth.

Wald's protocol: the scene of ``examples/indian_pines`` is brought to a quarter of its resolution and a panchromatic
image is made from its visible bands. The job sees only those two rasters. What it makes of them is compared with the
scene itself, beside plain upsampling and MTF-GLP, a strong classical method.

Ends with a table and exit code 0, or with one sentence and exit code 1 where a step fails or the sharpened image is
not the best of the three. Needs what ``make setup`` installs; writes into ``build/demo/`` only.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "examples" / "indian_pines" / "indian_pines.tif"
RESULTS = ROOT / "build" / "demo"
LOG = RESULTS / "log.txt"
RATIO = 4
PAN_BANDS = "7-33"
SEED = 0

INDICES = ("ERGAS", "SAM", "PSNR", "CC")
SMALLER_IS_BETTER = ("ERGAS", "SAM")

# The dull part of what qgis_process prints: headings, the echo of parameters, results.
DULL = re.compile(r"\s*|-+|Inputs|Results|100 - done\.|[A-Z][A-Z0-9_]*:\t.*")
PERCENTAGES = re.compile(r"^((100|[1-9]?0)(?=[.A-Za-z]|$)|\.)+")
NUMBER = re.compile(r"\d[\d.,]*")


class DemoError(Exception):
    """The demo cannot go on; the message is one sentence for the person at the terminal."""


def find_qgis_process() -> str:
    """The first qgis_process that answers.

    Debian 12's wrapper does not: it passes an option meant for the desktop program, and the wrapped program must be
    called directly.
    """
    candidates = [os.environ.get("QGIS_PROCESS"), "qgis_process", "qgis_process.bin"]
    for candidate in candidates:
        program = shutil.which(candidate) if candidate else None
        if program:
            answer = subprocess.run([program, "--version"], env=environment(), capture_output=True, text=True)
            if answer.returncode == 0 and "QGIS" in answer.stdout:
                return program
    raise DemoError("No qgis_process that works was found: install QGIS (make setup), or name it with QGIS_PROCESS=...")


def environment() -> dict[str, str]:
    """QGIS with a profile of its own, this checkout's plugin and this environment's packages."""
    runtime = RESULTS / "runtime"
    runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
    env = dict(os.environ)
    env.update(
        QGIS_PLUGINPATH=str(ROOT),
        QGIS_CUSTOM_CONFIG_PATH=str(RESULTS / "profile"),
        QT_QPA_PLATFORM="offscreen",
        PYTHONPATH=sysconfig.get_path("purelib"),
        XDG_RUNTIME_DIR=str(runtime),
    )
    # Threads that wait for each other by spinning make learning ten times slower where the cores are shared.
    env.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if "UTF-8" not in env.get("LC_ALL", env.get("LANG", "")).upper().replace("UTF8", "UTF-8"):
        env["LC_ALL"] = "C.UTF-8"
    return env


class Echo:
    """Show a program's output, indented; lines that differ in their numbers only, at most every few seconds."""

    SECONDS = 10.0

    def __init__(self) -> None:
        self._shape = ""
        self._shown_at = 0.0
        self._waiting = ""

    def show(self, line: str) -> None:
        """Take the next line of the program's output."""
        line = PERCENTAGES.sub("", line)
        if DULL.fullmatch(line):
            return
        shape, now = NUMBER.sub("#", line), time.monotonic()
        if shape != self._shape:
            self.close()
        elif now - self._shown_at < self.SECONDS:
            self._waiting = line
            return
        self._shape, self._shown_at, self._waiting = shape, now, ""
        print(f"    {line}", flush=True)

    def close(self) -> None:
        """Show the last line of a row, if it was held back."""
        if self._waiting:
            print(f"    {self._waiting}", flush=True)
        self._waiting = ""


class Qgis:
    """Runs algorithms with qgis_process, one process each, and keeps a log."""

    def __init__(self) -> None:
        self._program = find_qgis_process()
        self._environment = environment()
        # A pipe would hold its text back for a minute at a time.
        stdbuf = shutil.which("stdbuf")
        self._unbuffered = [stdbuf, "--output=L"] if stdbuf else []
        self._call("plugins", "enable", "ssml_qgis", quiet=True)

    def run(self, title: str, algorithm: str, quiet: bool = True, **parameters: object) -> dict[str, Path]:
        """Run an algorithm; returns those of its parameters that are files it has written."""
        print(f"{title} ...", end=" " if quiet else "\n", flush=True)
        outputs = {k: v for k, v in parameters.items() if isinstance(v, Path) and not v.exists()}
        start = time.monotonic()
        self._call("run", f"ssml:{algorithm}", "--", *(f"{k}={v}" for k, v in parameters.items()), quiet=quiet)
        print(f"{'' if quiet else '    done: '}{time.monotonic() - start:.0f} s", flush=True)
        for key, path in outputs.items():
            if not path.is_file():
                raise DemoError(f"ssml:{algorithm} ended well but wrote no {key} ({path}); see {LOG}.")
        return outputs

    def _call(self, *arguments: str, quiet: bool) -> None:
        with LOG.open("a", encoding="utf-8") as log:
            print("$", self._program, *arguments, file=log, flush=True)
            process = subprocess.Popen(
                [*self._unbuffered, self._program, *arguments],
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            echo = Echo()
            for line in process.stdout:
                log.write(line)
                log.flush()
                if not quiet:
                    echo.show(line.rstrip("\n"))
            echo.close()
            code = process.wait()
        if code != 0:
            log_lines = LOG.read_text(encoding="utf-8", errors="replace").splitlines()
            errors = [line.split("\t", 1)[1] for line in log_lines if line.startswith("ERROR:\t")]
            raise DemoError("\n".join(errors[-1:] or log_lines[-25:]) + f"\nExit code {code}; the whole log: {LOG}")


def read_scores(path: Path) -> dict[str, float]:
    """The indices that ssml:assess wrote, with upper-case names."""
    scores = json.loads(path.read_text(encoding="utf-8"))
    return {name.upper(): value for name, value in scores.items()}


def table(rows: dict[str, dict[str, float]]) -> str:
    """The methods' scores as aligned text, the best of each column marked."""
    width = max(map(len, rows))
    lines = [" " * width + "".join(f"{name:>11}" for name in INDICES)]
    best = {
        name: (min if name in SMALLER_IS_BETTER else max)(scores[name] for scores in rows.values()) for name in INDICES
    }
    for method, scores in rows.items():
        cells = (f"{scores[name]:>10.4f}{'*' if scores[name] == best[name] else ' '}" for name in INDICES)
        lines.append((f"{method:<{width}}" + "".join(cells)).rstrip())
    lines.append("ERGAS, SAM (degrees): smaller is better. PSNR (dB), CC: larger is better. * the best.")
    return "\n".join(lines)


def main() -> None:
    """Simulate, sharpen, assess."""
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    start = time.monotonic()
    qgis = Qgis()

    pair = qgis.run(
        f"Making the test pair: 1/{RATIO} resolution, and a PAN image from bands {PAN_BANDS}",
        "simulate",
        REFERENCE=REFERENCE,
        RATIO=RATIO,
        PAN_BANDS=PAN_BANDS,
        HSI=RESULTS / "hsi.tif",
        PAN=RESULTS / "pan.tif",
    )
    # The classical images are taken as published, without the consistency projection.
    classical = {}
    for label, method in (("Plain upsampling", "exp"), ("MTF-GLP", "mtf-glp")):
        outputs = qgis.run(
            label, "classicalfuse", **pair, METHOD=method, CONSISTENCY=0, OUTPUT=RESULTS / f"{method}.tif"
        )
        classical[label] = outputs["OUTPUT"]
    sharpened = qgis.run(
        "Sharpening: learning from the pair alone, then fusing",
        "sharpen",
        quiet=False,
        **pair,
        SEED=SEED,
        OUTPUT=RESULTS / "sharpened.tif",
        MODEL=RESULTS / "model.safetensors",
        REPORT=RESULTS / "sharpen.html",
        DISAGREEMENT=RESULTS / "disagreement.tif",
    )

    fused = {**classical, "Sharpened": sharpened["OUTPUT"]}
    assessed = {
        label: qgis.run(
            f"Comparing with the truth: {label}",
            "assess",
            FUSED=path,
            REFERENCE=REFERENCE,
            RATIO=RATIO,
            REPORT=RESULTS / f"assess-{path.stem}.html",
            JSON=RESULTS / f"assess-{path.stem}.json",
        )
        for label, path in fused.items()
    }
    scores = {label: read_scores(outputs["JSON"]) for label, outputs in assessed.items()}

    print(f"\nAgainst the truth, which the job never saw ({time.monotonic() - start:.0f} s in all):\n")
    print(table(scores))
    print()
    for label, path in (
        ("Sharpened image", sharpened["OUTPUT"]),
        ("Disagreement of the two networks", sharpened["DISAGREEMENT"]),
        ("Model", sharpened["MODEL"]),
        ("Report of the sharpening", sharpened["REPORT"]),
        ("Report of the comparison", assessed["Sharpened"]["REPORT"]),
    ):
        print(f"{label + ':':<34}{path}")

    ours = scores["Sharpened"]
    for label, theirs in scores.items():
        for name in SMALLER_IS_BETTER:
            if label != "Sharpened" and not ours[name] < theirs[name]:
                raise DemoError(f"The sharpened image does not beat {label} in {name}: {ours[name]} >= {theirs[name]}.")


if __name__ == "__main__":
    try:
        main()
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
