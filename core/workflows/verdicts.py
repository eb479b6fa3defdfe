"""What a pair or a result is worth: checks with marks, the first thing that a report shows and a job returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..report.verdict import FAIL, LOOK, PASS, Check, Verdict
from .gains import ASSUMED
from .local_shift import NOTICED_SHIFT
from .looks import BAND_RESIDUAL, MANY, OUTSIDE, PRIOR, RESIDUAL, UP_SAMPLING, USELESS_RESIDUAL, outside_words
from .options.declare import Option
from .options.gain import MTF
from .options.pixels import CONTRADICTIONS
from .options.shared import SHIFT, FusionOptions

_CONTRADICTED = 0.05  # share of the HSI pixels from which a person should look
_COVERED = 0.02  # share of the PAN's pixels without values
_CLIP = next(option for option in FusionOptions.declared() if option.name == "clip")


def pair_checks(found: Mapping[str, Any]) -> list[Check]:
    """Of a pair.

    Args:
        found: what :func:`.findings.findings` returned.

    Returns:
        Shift, likeness, blur, contradictions, and cover where something is missing.
    """
    return [
        _shift(found),
        _likeness(found["correlation"], found["fit"]),
        blur_check(found["mtf"]),
        *_contradictions(found),
        *_cover(found),
    ]


def _shift(found: Mapping[str, Any]) -> Check:
    shift, local = found["shift"], found["shift_local"]
    if not shift["measured"]:
        text = "It cannot be measured: compare both images in a map."
        return Check("Shift of the PAN", LOOK, text)
    cols, rows = found["shift_x"], found["shift_y"]
    size = f"{cols:+.2f} columns, {rows:+.2f} rows (PAN pixels)"
    besides = f"; locally {local:.2f} besides" if local and local >= NOTICED_SHIFT else ""
    if shift["beyond"]:
        return Check("Shift of the PAN", FAIL, f"About {cols:+.0f} columns and {rows:+.0f} rows: move the PAN first.")
    if any(shift["corrected"]):
        return Check("Shift of the PAN", PASS, f"{size}, corrected{besides}.")
    if (cols**2 + rows**2) ** 0.5 <= NOTICED_SHIFT:
        return Check("Shift of the PAN", PASS, f"{size}: too small to matter, left as it is{besides}.")
    text = f"{size}, not corrected{'' if shift['sure'] else ', as it is not sure'}{besides}. {_named(SHIFT, 'shift')}."
    return Check("Shift of the PAN", LOOK, text)


def _named(option: Option, name: str) -> str:
    """An option as each of its users knows it."""
    return f"Option: --{name} ({name.upper()}; in dialogs “{option.label}”)"


def _likeness(correlation: Mapping[str, Any], fit: str) -> Check:
    detail = correlation["detail"]
    if detail is None:
        return Check("PAN and HSI alike", LOOK, "They share too few pixels to tell.")
    mark = {"doubtful": LOOK, "no": FAIL}.get(fit, PASS)
    more = {LOOK: "; 0.5 or more is usual where both show the same ground and light", FAIL: "; nothing is taken of it"}
    return Check("PAN and HSI alike", mark, f"Correlation of their details {detail:.2f}{more.get(mark, '')}.")


def blur_check(gain: Mapping[str, Any]) -> Check:
    """Of the blur.

    Args:
        gain: see :meth:`.gains.ChosenGain.facts`.

    Returns:
        The check.
    """
    if gain["source"] != ASSUMED:
        return Check("Blur of the HSI", PASS, f"MTF gain {gain['said']}.")
    text = f"MTF gain {gain['said']}: the pair does not tell it surely. A wrong one costs sharpness."
    return Check("Blur of the HSI", LOOK, f"{text} {_named(MTF, 'mtf')}, where the sensor's is known.")


def _contradictions(found: Mapping[str, Any]) -> list[Check]:
    count, of = found["contradictions"], found["samples"]["pixels"]
    if count is None or found["fit"] == "no":  # images of different ground do not contradict each other here and there
        return []
    if not count:
        return [Check("Same moment", PASS, "Nowhere does the PAN show something else than the HSI.")]
    text = f"The PAN contradicts the HSI in {count} of {of} HSI pixels ({count / of:.2%}): clouds, changes, hot pixels."
    if count > _CONTRADICTED * of:
        return [Check("Same moment", LOOK, f"{text} {_named(CONTRADICTIONS, 'contradictions')}.")]
    return [Check("Same moment", PASS, text)]


def _cover(found: Mapping[str, Any]) -> list[Check]:
    if found["uncovered"] <= _COVERED:
        return []
    return [Check("Cover", LOOK, f"{found['uncovered']:.1%} of the output has no PAN values, and so no result.")]


def result_checks(facts: Mapping[str, Any]) -> list[Check]:
    """Of a result.

    Args:
        facts: what :func:`.looks.write_looked_at` returned.

    Returns:
        Consistency with the HSI, and samples that cannot be.
    """
    return [_consistency(facts["look"]), _range(facts["range"])]


def _consistency(look: Mapping[str, Any] | None) -> Check:
    if look is None:
        return Check("Consistency", LOOK, "The result is too small to be degraded and compared with the HSI.")
    hsi = "the HSI without its noise" if look["denoised"] else "the HSI"
    text = f"Degraded again, the result differs from {hsi} by {look['residual']:.2%}"
    worst = f"band {look['band']} by {look['band_residual']:.2%}"
    if look["residual"] > USELESS_RESIDUAL:
        return Check("Consistency", FAIL, f"{text} ({worst}): check the units of the images.")
    if look["residual"] > RESIDUAL or look["band_residual"] > BAND_RESIDUAL * RESIDUAL:
        return Check("Consistency", LOOK, f"{text} ({worst}); {RESIDUAL:.0%} at most is usual.")
    if look["outside"] > OUTSIDE:
        far = f"{look['outside']:.1%} of its samples, at some places, lie beyond 1.5 times the range of the HSI around"
        return Check("Consistency", LOOK, f"{text} ({worst}), but {far} them; {OUTSIDE:.0%} at most is usual.")
    return Check("Consistency", PASS, f"{text} ({worst}).")


def _range(found: Mapping[str, Any]) -> Check:
    if not found["outside"]:
        return Check("Values", PASS, "No sample lies far outside of what the HSI holds around it.")
    text = outside_words(found, "the HSI")
    if found["clip"] == "range":
        return Check("Values", PASS, f"{text}; they were set to the limits.")
    if found["pixels"] > MANY * found["of"]:
        return Check("Values", LOOK, f"{text}. {_named(_CLIP, 'clip')}.")
    return Check("Values", PASS, f"{text}.")


def gain_checks(header: Mapping[str, Any], result: str) -> list[Check]:
    """Of networks.

    Args:
        header: of the model.
        result: the name of what was written.

    Returns:
        What the result is, and its expected gain where that is known.
    """
    if result == UP_SAMPLING:
        return [Check("Method", FAIL, "The HSI was only up-sampled; the warnings say why.")]
    if header["best_step"] == 0 or result == PRIOR:
        why = "no better than it on held-out pixels" if header["best_step"] == 0 else "worse than it when looked at"
        return [Check("Method", LOOK, f"The regression prior (MTF-GLP) is the result: the networks were {why}.")]
    gains = " and ".join(_gains(header["scores"])) or "better"
    method = Check("Method", PASS, f"Networks: on held-out pixels, {gains} than the regression prior.")
    expected = header.get("expected_gain")
    if not expected:
        return [method, Check("Expected gain", PASS, f"At full resolution it is {gain_unstated(header, result)}.")]
    (low, likely, high), (least, _, most) = expected["ergas"], expected["sam"]
    text = f"At full resolution {round(low)} to {round(high)} % in ERGAS and {round(least)} to {round(most)} % in SAM."
    return [method, Check("Expected gain", PASS if likely > 0 else LOOK, text)]


def gain_unstated(header: Mapping[str, Any], result: str) -> str:
    """Why no gain over the prior at full resolution is stated.

    Args:
        header: of the model; empty where nothing was learned.
        result: the name of what was written.

    Returns:
        A few words; "" where the gain is stated.
    """
    if result == UP_SAMPLING:
        return "none: the HSI was only up-sampled"
    if header["best_step"] == 0 or result == PRIOR:
        return "none: the regression prior is the result"
    if header.get("expected_gain"):
        return ""
    if header.get("pan_bands", 1) > 1:
        return "not stated for several sharp bands: it was measured with one, a PAN"
    if len(header["parameters"]) == 1:
        return "not stated: a single network has no other to agree with"
    return "not stated: one pair of networks does not tell it; effort normal trains several"


def _gains(scores: Mapping[str, Mapping[str, float | None]]) -> Iterator[str]:
    """By how much each index is lower, where both are numbers."""
    for key, name in (("ergas", "ERGAS"), ("sam", "SAM")):
        own, prior = scores["mean"][key], scores["prior"][key]
        if own is not None and prior:
            yield f"{name} {100 * (1 - own / prior):.1f} % lower"


def fused_verdict(facts: Mapping[str, Any], title: str) -> Verdict:
    """Of a result that was made without learning.

    Args:
        facts: what :func:`.looks.write_looked_at` returned, with ``mtf_gain``.
        title: of the method.

    Returns:
        The verdict.
    """
    checks = [
        *result_checks(facts),
        _likeness(facts["pan_correlation"], "yes"),
        blur_check(facts["mtf_gain"]),
    ]
    if facts["result"] == UP_SAMPLING and title != UP_SAMPLING:
        checks.append(Check("Method", FAIL, "The HSI was only up-sampled; the warnings say why."))
    if facts["result"] == PRIOR:
        checks.append(Check("Method", LOOK, "The regression prior (MTF-GLP) is the result; the warnings say why."))
        title = "the regression prior (MTF-GLP)"
    return Verdict(f"Sharpened with {title}; {checks[0].text[0].lower()}{checks[0].text[1:]}", checks)
