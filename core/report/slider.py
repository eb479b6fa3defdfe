"""Large pictures of one ground, one behind the other, with a divider to move between them and a zoom."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass

SCRIPT = """
'use strict';
for (const box of document.querySelectorAll('.slider')) {
  const stage = box.querySelector('.stage'), moving = box.querySelector('.moving'), line = box.querySelector('.line');
  const range = box.querySelector('input'), layers = [...box.querySelectorAll('.moving figure')];
  const [left, right] = box.querySelectorAll('select');
  let scale = 1, x = 0, y = 0, drag = null;
  const draw = () => {
    const wide = stage.clientWidth, high = stage.clientHeight;
    x = Math.min(0, Math.max(wide * (1 - scale), x));
    y = Math.min(0, Math.max(high * (1 - scale), y));
    moving.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    moving.style.setProperty('--scale', scale);
    const at = wide * range.value / 100, inside = (at - x) / scale;
    line.style.left = `${at}px`;
    layers.forEach((layer, number) => {
      const first = number === left.selectedIndex, second = number === right.selectedIndex;
      layer.hidden = !first && !second;
      layer.style.visibility = layer.hidden ? 'hidden' : 'visible';
      layer.style.zIndex = second ? 2 : 1;
      layer.style.clipPath = second && !first ? `inset(0 0 0 ${Math.max(0, Math.min(wide, inside))}px)` : 'none';
    });
    box.querySelector('.zoom').textContent = `${scale.toFixed(scale < 10 ? 1 : 0)}×`;
    range.setAttribute('aria-valuetext', `${layers[left.selectedIndex].title} up to ${Math.round(range.value)} %, `
      + `then ${layers[right.selectedIndex].title}`);
  };
  const zoom = (factor, px = stage.clientWidth / 2, py = stage.clientHeight / 2) => {
    const next = Math.min(16, Math.max(1, scale * factor));
    x = px - (px - x) * next / scale;
    y = py - (py - y) * next / scale;
    scale = next;
    draw();
  };
  const place = event => {
    const edges = stage.getBoundingClientRect();
    return [event.clientX - edges.left, event.clientY - edges.top];
  };
  box.querySelector('.in').addEventListener('click', () => zoom(1.5));
  box.querySelector('.out').addEventListener('click', () => zoom(1 / 1.5));
  box.querySelector('.whole').addEventListener('click', () => zoom(0));
  for (const choice of [left, right]) choice.addEventListener('change', draw);
  range.addEventListener('input', draw);
  stage.addEventListener('wheel', event => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.25 : 0.8, ...place(event));
  }, {passive: false});
  stage.addEventListener('dblclick', event => zoom(2, ...place(event)));
  stage.addEventListener('pointerdown', event => {
    if (event.button || event.target.closest('a')) return;
    const [px, py] = place(event), at = stage.clientWidth * range.value / 100;
    drag = {px, py, x, y, divider: scale === 1 || Math.abs(px - at) < 20};
    stage.setPointerCapture(event.pointerId);
    stage.focus({preventScroll: true});
    if (scale === 1) { range.value = 100 * px / stage.clientWidth; draw(); }
  });
  stage.addEventListener('pointermove', event => {
    if (!drag) return;
    const [px, py] = place(event);
    if (drag.divider) range.value = 100 * px / stage.clientWidth;
    else { x = drag.x + px - drag.px; y = drag.y + py - drag.py; }
    draw();
  });
  for (const name of ['pointerup', 'pointercancel']) stage.addEventListener(name, () => { drag = null; });
  box.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('select, button')) return;
    const key = event.key, step = event.shiftKey ? 10 : 2;
    const pan = {ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40]}[key];
    if (key === '+' || key === '=') zoom(1.5);
    else if (key === '-') zoom(1 / 1.5);
    else if (key === '0') zoom(0);
    else if (event.target === stage && pan && scale > 1) { x += pan[0]; y += pan[1]; draw(); }
    else if (event.target === stage && pan && pan[0]) {
      range.value = Number(range.value) - Math.sign(pan[0]) * step;
      draw();
    } else return;
    event.preventDefault();
  });
  new ResizeObserver(draw).observe(stage);
  box.classList.add('live');
  draw();
}
"""


@dataclass(frozen=True)
class Layer:
    """A picture of the ground that all share.

    Attributes:
        title: what it shows.
        png: the file's content.
    """

    title: str
    png: bytes


@dataclass(frozen=True)
class Mark:
    """A place that is marked on the pictures.

    Attributes:
        name: what stands in the mark, a number mostly.
        row, col: where, as shares of the picture, 0 to 1.
        target: id of the element that tells more; "" for none.
    """

    name: str
    row: float
    col: float
    target: str = ""


@dataclass(frozen=True)
class Slider:
    """Pictures with a divider; without scripts, and on paper, they stand side by side.

    Attributes:
        layers: pictures of one size, at least two.
        shape: (rows, columns) of the ground in pixels, which say how high a picture is.
        left, right: numbers of the two that are shown first, counted from 0.
        marks: places.
    """

    layers: Sequence[Layer]
    shape: tuple[int, int]
    left: int = 0
    right: int = 1
    marks: Sequence[Mark] = ()

    def markup(self) -> str:
        """The pictures as HTML."""
        figures = "".join(
            f'<figure title="{html.escape(layer.title)}"{"" if n in (self.left, self.right) else " hidden"}>'
            f'<img src="data:image/png;base64,{base64.b64encode(layer.png).decode("ascii")}" '
            f'alt="{html.escape(layer.title)}"><figcaption>{html.escape(layer.title)}</figcaption></figure>\n'
            for n, layer in enumerate(self.layers)
        )
        marks = "".join(
            f'<a class="spot" href="#{html.escape(mark.target)}" style="left: {100 * mark.col:.2f}%; '
            f'top: {100 * mark.row:.2f}%" aria-label="Place {html.escape(mark.name)}">{html.escape(mark.name)}</a>'
            for mark in self.marks
        )
        rows, cols = self.shape
        return (
            f'<div class="slider" style="--ratio: {cols / rows:.5f}">\n<div class="tools">'
            f"<label>Left {self._choice(self.left)}</label><label>Right {self._choice(self.right)}</label>"
            '<span class="buttons"><button type="button" class="out" aria-label="Zoom out">−</button>'
            '<output class="zoom">1×</output><button type="button" class="in" aria-label="Zoom in">+</button>'
            '<button type="button" class="whole">Whole</button></span></div>\n'
            '<div class="stage" tabindex="0" role="group" aria-label="Pictures; arrow keys move, + and - zoom, 0 shows '
            f'all"><div class="moving">\n{figures}{marks}</div><div class="line"></div></div>\n'
            '<input type="range" min="0" max="100" step="0.5" value="50" aria-label="Divider between the pictures" />\n'
            '<p class="hint">Drag the divider, or use the arrow keys; + and − zoom, 0 shows all. Zoomed in, drag the '
            "picture; Ctrl and the wheel zoom, too.</p></div>\n"
        )

    def _choice(self, chosen: int) -> str:
        options = "".join(
            f"<option{' selected' if number == chosen else ''}>{html.escape(layer.title)}</option>"
            for number, layer in enumerate(self.layers)
        )
        return f"<select>{options}</select>"
