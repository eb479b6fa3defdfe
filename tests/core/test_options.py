"""Options are declared once: what follows from a declaration."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import core
from core.cli.arguments import build_parser
from core.runtime.errors import InputError
from core.runtime.progress import Progress
from core.workflows.options import JOBS
from core.workflows.options.call import on_files
from core.workflows.options.declare import Options
from core.workflows.options.fusion import ClassicalOptions, FuseOptions, SharpenOptions

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_python_and_the_command_line_have_the_same_names_and_defaults(job):
    known = inspect.signature(getattr(core, job.name)).parameters
    parser = build_parser()._subparsers._group_actions[0].choices[job.name]
    actions = {action.dest: action for action in parser._actions}
    for option in job.declared():
        assert option.name in known, option.name
        assert option.help.endswith("."), option.name
        if option.flag:
            assert actions[option.name].default == option.default, option.name


def test_an_option_of_another_name_is_refused_with_the_nearest():
    with pytest.raises(TypeError, match=r"no option 'efort'; is it effort\?"):
        SharpenOptions.of({"efort": "fast"})
    with pytest.raises(TypeError, match=r"no option 'radius'\.$"):
        core.classical("a.tif", "b.tif", "c.tif", radius=3)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (SharpenOptions(seed=-1), "seed is -1, but it must be an integer from 0 to 2147483647: 0 is"),
        (SharpenOptions(effort="heroic"), "no effort 'heroic'; choose one of fast, normal, thorough"),
        (SharpenOptions(network="s2bnet", spatial_network="pannet"), "--network s2bnet"),
        (FuseOptions(use="both"), "no result of a pair of networks 'both'"),
        (FuseOptions(memory=0), r"memory is 0, but it lies between 0 and 4096: leave it out \(--memory\)"),
        (ClassicalOptions(consistency=2.5), "consistency is 2.5"),
        (ClassicalOptions(compress="zip"), "no compression 'zip'"),
        (ClassicalOptions(extent="1,2,3,4"), r"extent is '1,2,3,4', but it is four numbers"),
        (ClassicalOptions(extent=(1, 2, 3)), r"it is four numbers: xmin, ymin, xmax, ymax"),
    ],
)
def test_what_lies_outside_of_bounds_and_choices_is_refused_in_one_sentence(options, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        options.check()
    assert str(caught.value).endswith(".")


def test_options_as_a_whole_may_be_given_and_changed_by_name(tmp_path):
    whole = ClassicalOptions(method="magic")
    with pytest.raises(InputError, match="magic"):
        core.classical("a.tif", "b.tif", str(tmp_path / "c.tif"), options=whole)
    with pytest.raises(InputError, match=r"a\.tif does not exist"):
        core.classical("a.tif", "b.tif", str(tmp_path / "c.tif"), options=whole, method="exp")


def test_the_declarations_load_nothing_that_takes_time():
    code = "import sys, core.workflows.options; sys.exit(bool({'numpy', 'torch', 'osgeo', 'qgis'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_a_job_says_a_warning_once(tmp_path):
    """As where each of several training scenes leads to the same sentence."""
    heard = []

    class Heard(Progress):
        def warning(self, text):
            heard.append(text)

    @on_files(Options)
    def job(hsi: str, *, options, progress):
        for part in (progress, progress.part(0.0, 0.5), progress.part(0.5, 1.0)):
            part.warning("Bands overlap.")
            part.warning("Bands are many.")
        return {}

    job("a.tif", progress=Heard())
    assert heard == ["Bands overlap.", "Bands are many."]
    job("a.tif", progress=Heard())
    assert len(heard) == 4
