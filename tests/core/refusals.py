"""What a refusal prints, and its commands, which tests run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess

import pytest

from core.products.pair import open_pair
from core.runtime.errors import InputError

TOOLS = ("gdalwarp", "gdal_translate", "gdal_edit.py", "gdalbuildvrt")


def commands(message):
    """The commands of a refusal, as lists of arguments; each ends before the bracket with QGIS's algorithm."""
    assert message.endswith(".")
    assert "\n" not in message
    found = []
    for start in re.finditer(rf"(?<![\w/])({'|'.join(map(re.escape, TOOLS))}) ", message):
        words = shlex.shlex(message[start.start() :], posix=True, punctuation_chars=False)
        words.whitespace_split, words.commenters = True, ""
        arguments = []
        for word in words:
            if word.startswith("("):
                break
            arguments.append(word)
        found.append(arguments)
    return found


def refusal(hsi, pan):
    with pytest.raises(InputError) as error:
        open_pair(hsi, pan)
    return str(error.value)


def follow(arguments):
    """Run a command; returns the raster to use from now on."""
    if shutil.which(arguments[0]) is None:
        pytest.skip(f"{arguments[0]} is not on the PATH")
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr, done.stderr
    return arguments[2] if arguments[0] == "gdalbuildvrt" else arguments[-1]
