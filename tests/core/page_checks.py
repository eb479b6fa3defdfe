"""What every report must hold in a browser; each function gives what does not hold."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

_TEXTS = """(() => {
  const rows = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (!text || element.closest('script, style, title, option') || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    if (style.visibility !== 'visible') continue;
    const drawn = element.closest('svg');
    const matrix = drawn && element.getScreenCTM ? element.getScreenCTM() : null;
    let size = parseFloat(style.fontSize);
    if (matrix) size *= Math.hypot(matrix.a, matrix.b);
    const grounds = [];
    for (let place = element; place; place = place.parentElement) {
      const ground = getComputedStyle(place).backgroundColor;
      grounds.push(ground);
      if (!/rgba\\(.*, 0?\\.?\\d*\\)/.test(ground)) break;
    }
    rows.push({text: text.slice(0, 40), size, bold: parseInt(style.fontWeight) >= 700,
               colour: drawn && style.fill !== 'none' ? style.fill : style.color, grounds});
  }
  return rows;
})()"""


def _colour(text: str) -> tuple[float, float, float, float]:
    numbers = [float(number) for number in re.findall(r"[\d.]+", text)]
    red, green, blue, *alpha = numbers
    return red, green, blue, alpha[0] if alpha else 1.0


def _over(colour: tuple, ground: tuple) -> tuple:
    alpha = colour[3]
    return (*(alpha * one + (1 - alpha) * other for one, other in zip(colour[:3], ground[:3])), 1.0)


def _light(colour: tuple) -> float:
    parts = [
        (part / 255 / 12.92) if part / 255 <= 0.03928 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour[:3]
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def low_contrast(browser) -> list[str]:
    """Texts below what WCAG 2.1 asks for at level AA: 4.5, and 3 where they are large."""
    found = []
    for row in browser.run(_TEXTS):
        ground = (255.0, 255.0, 255.0, 1.0)
        for one in reversed(row["grounds"]):
            ground = _over(_colour(one), ground)
        lights = sorted((_light(_over(_colour(row["colour"]), ground)), _light(ground)))
        ratio = (lights[1] + 0.05) / (lights[0] + 0.05)
        large = row["size"] >= 24 or (row["bold"] and row["size"] >= 18.66)
        if ratio < (3.0 if large else 4.5):
            found.append(f"{row['text']}: {ratio:.2f}")
    return found


def small_texts(browser, least: float = 11.0) -> list[str]:
    """Texts lower than so many pixels, in charts, too."""
    return [f"{row['text']}: {row['size']:.1f}" for row in browser.run(_TEXTS) if row["size"] < least - 0.01]


def overflow(browser) -> float:
    """By how many pixels the page is wider than the window."""
    return browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def broken_links(browser, page: str | Path) -> list[str]:
    """Links to parts of the page, and to files, that are not there; links to the network."""
    found = []
    for address in browser.run("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))"):
        if address.startswith("#"):
            if not browser.run(f"!!document.getElementById({address[1:]!r})"):
                found.append(address)
        elif re.match(r"[a-z]+:", address) or not (Path(page).parent / unquote(address)).exists():
            found.append(address)
    return found


def slider_faults(browser) -> list[str]:
    """What mouse and keyboard do not do to the first slider of a page."""
    faults = []

    def value() -> float:
        return float(browser.run("document.querySelector('.slider input').value"))

    def zoom() -> str:
        return browser.run("document.querySelector('.slider .zoom').textContent")

    stage = browser.box(".slider .stage")
    middle = stage["y"] + min(stage["height"], 900 - stage["y"]) / 2
    browser.drag((stage["x"] + stage["width"] / 2, middle), (stage["x"] + stage["width"] / 4, middle))
    if abs(value() - 25) > 2:
        faults.append(f"the mouse moved the divider to {value()}")
    clip = browser.run("[...document.querySelectorAll('.slider figure')].map(f => f.style.clipPath).join()")
    if "inset" not in clip:
        faults.append("no picture is cut")
    browser.run("document.querySelector('.slider input').focus()")
    before = value()
    browser.key("ArrowRight")
    if not value() > before:
        faults.append("an arrow key does not move the divider")
    browser.run("document.querySelector('.slider .stage').focus()")
    before = value()
    browser.key("ArrowLeft")
    if not value() < before:
        faults.append("an arrow key on the picture does not move the divider")
    browser.key("+")
    if zoom() != "1.5×":
        faults.append(f"+ zooms to {zoom()}")
    place = browser.run("document.querySelector('.slider .moving').style.transform")
    browser.key("ArrowRight")
    if browser.run("document.querySelector('.slider .moving').style.transform") == place:
        faults.append("an arrow key does not move the zoomed picture")
    browser.key("0")
    if zoom() != "1.0×":
        faults.append(f"0 zooms to {zoom()}")
    button = browser.box(".slider .in")
    x, y = button["x"] + button["width"] / 2, button["y"] + button["height"] / 2
    browser.drag((x, y), (x, y))
    if zoom() != "1.5×":
        faults.append(f"the button zooms to {zoom()}")
    browser.run("document.querySelector('.slider .whole').click()")
    return faults
