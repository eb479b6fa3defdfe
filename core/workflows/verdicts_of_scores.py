"""What scores say a result, or a comparison, is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..report.verdict import FAIL, LOOK, PASS, Check, Verdict
from .looks import RESIDUAL, USELESS_RESIDUAL
from .verdicts import blur_check, pair_checks

# ERGAS is usually called good below 3; the angle is what simulated scenes have with the best methods, and thrice that.
_ERGAS, _BAD_ERGAS = 3.0, 10.0
_SAM, _BAD_SAM = 5.0, 15.0  # degrees
_DISTORTION = 0.2  # of D_s, D_rho and the like


def assessed_verdict(scores: Mapping[str, Any], sentence: str) -> Verdict:
    """Of an assessment.

    Args:
        scores: what the workflow ``assess`` returns.
        sentence: its main numbers.

    Returns:
        The verdict.
    """
    checks = _units(scores)
    for key, name, unit, good, bad in (
        ("ergas", "ERGAS", "", _ERGAS, _BAD_ERGAS),
        ("sam", "Spectral angle", "°", _SAM, _BAD_SAM),
    ):
        value = scores.get(key)
        if value is not None:
            mark = PASS if value < good else LOOK if value < bad else FAIL
            text = f"{value:.3g}{unit} against the reference; below {good:g}{unit} is usually called good."
            checks.append(Check(name, mark, text))
    if scores.get("consistency") is not None:
        checks.append(_consistency(scores["consistency"]))
    if scores.get("d_s_reg") is not None:
        value = scores["d_s_reg"]
        text = f"Of the PAN's variance, the bands leave {value:.1%} unexplained (D_s,reg)."
        checks.append(Check("Detail of the PAN", PASS if value < _DISTORTION else LOOK, text))
    if scores.get("mtf_gain"):
        checks.append(blur_check(scores["mtf_gain"]))
    count = len(scores["warnings"])
    if count:
        checks.append(Check("Warnings", LOOK, f"{count}, further down."))
    return Verdict(sentence, checks)


def _units(scores: Mapping[str, Any]) -> list[Check]:
    factor = scores.get("unit_factor")
    if factor is None:
        return []
    size = f"{factor:,.6g} times" if factor > 1 else f"1/{1 / factor:,.6g} of"
    whose = "reference" if "reference" in scores["files"] else "HSI"
    text = (
        f"The {whose}'s numbers are about {size} the result's: one of the two files does not declare its scale "
        "(gdal_edit.py -scale), or is in another unit. What compares numbers means nothing before that is put right; "
        "the spectral angle and the correlation do not depend on it."
    )
    return [Check("Units", FAIL, text)]


def _consistency(value: float) -> Check:
    mark = PASS if value <= RESIDUAL else LOOK if value <= USELESS_RESIDUAL else FAIL
    text = f"Degraded again, the result differs from the HSI by {value:.2%}; {RESIDUAL:.0%} at most is usual."
    return Check("Consistency", mark, text)


def compared_verdict(result: Mapping[str, Any], sentence: str) -> Verdict:
    """Of a comparison.

    Args:
        result: what the workflow ``compare`` returns.
        sentence: which method is best.

    Returns:
        The verdict.
    """
    best = result["methods"][0]
    base = next((one for one in result["methods"] if one["name"] == "exp"), None)
    checks = []
    if base is not None and base["score"] is not None and best["score"] is not None:
        gain = 100 * (1 - best["score"] / base["score"])
        mark = PASS if gain > 0 and best is not base else LOOK
        text = f"{best['title']} has {gain:.0f} % less error than plain up-sampling at reduced resolution."
        checks.append(Check("Gain", mark, text))
    if best["full"].get("consistency") is not None:
        checks.append(_consistency(best["full"]["consistency"]))
    checks += pair_checks(result["pair"])
    if result["warnings"]:
        checks.append(Check("Warnings", LOOK, f"{len(result['warnings'])}, further down."))
    return Verdict(sentence, checks)


def inspected_verdict(found: Mapping[str, Any]) -> Verdict:
    """Of a pair alone.

    Args:
        found: what the workflow ``inspect`` returns.

    Returns:
        The verdict.
    """
    checks = pair_checks(found)
    defects = {kind: sum(by.values()) for kind, by in found["defects"].items()}
    if defects:
        text = ", ".join(f"{kind} {count}" for kind, count in defects.items())
        checks.append(Check("Defects of the HSI", LOOK, f"{text}; the section on bands and samples has more."))
    if found["fit"] != "no":
        checks.append(Check("Sharpening", PASS, found["sharpen"]["sentence"]))
    return Verdict(found["verdict"], checks)
