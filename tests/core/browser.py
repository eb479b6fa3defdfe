"""A headless Chromium that tests drive over its debugging pipe: nothing is installed, no port is opened."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
KEYS = {"ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40, "ArrowUp": 38, "+": 187, "-": 189, "0": 48, "Tab": 9}
_PATIENCE = 60.0  # seconds


def found() -> str:
    """The program, or a skip."""
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    pytest.skip("no Chromium to look at pages with")


class Browser:
    """One page in a browser of its own; a context manager."""

    def __init__(self) -> None:
        program = found()
        self._folder = tempfile.TemporaryDirectory(prefix="ssml-browser-", ignore_cleanup_errors=True)
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()

        def connect() -> None:
            """The browser reads from 3 and writes to 4."""
            first, second = os.dup(to_read), os.dup(to_write)
            os.dup2(first, 3)
            os.dup2(second, 4)

        command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        command += ["--no-first-run", "--disable-dev-shm-usage", f"--user-data-dir={self._folder.name}", "about:blank"]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        environment = {**os.environ, "HOME": self._folder.name}
        self._process = subprocess.Popen(command, preexec_fn=connect, close_fds=False, env=environment, **quiet)
        for end in (to_read, to_write):
            os.close(end)
        self._buffer, self._number, self._session = b"", 0, None
        self.errors: list[str] = []

    def __enter__(self) -> Browser:
        try:
            target = self.send("Target.createTarget", url="about:blank")["targetId"]
            self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log"):
                self.send(f"{domain}.enable")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser."""
        for end in (self._write, self._read):
            os.close(end)
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def send(self, method: str, **parameters: object) -> dict:
        """A command of the DevTools protocol, and its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer)
                return answer["result"]
            self._note(answer)

    def _next(self) -> dict:
        deadline = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            assert select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))[0], "Chromium is silent"
            piece = os.read(self._read, 1 << 20)
            assert piece, "Chromium has ended"
            self._buffer += piece
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def _note(self, event: dict) -> None:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(parameters["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
            self.errors.append(json.dumps(parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.errors.append(parameters["entry"]["text"])

    def open(self, page: str | Path, width: int = 1400, dark: bool = False) -> None:
        """Show a file from the disk."""
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.send("Emulation.setDeviceMetricsOverride", **metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=Path(page).absolute().as_uri())
        deadline = time.monotonic() + _PATIENCE
        while self.run("document.readyState") != "complete" or self.run("location.href") == "about:blank":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def run(self, script: str) -> object:
        """The value of an expression in the page."""
        made = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in made, made
        return made["result"].get("value")

    def key(self, name: str) -> None:
        """Press and release a key."""
        same = {"key": name, "windowsVirtualKeyCode": KEYS[name], "nativeVirtualKeyCode": KEYS[name]}
        text = {"text": name} if len(name) == 1 else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", **same, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", **same)

    def mouse(self, kind: str, x: float, y: float, down: bool = True) -> None:
        """A movement, a press or a release of the left button."""
        count = {"clickCount": 1} if kind != "mouseMoved" else {}
        buttons = 1 if down else 0
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=buttons, **count)

    def drag(self, begin: tuple[float, float], end: tuple[float, float]) -> None:
        """Press, move and release."""
        self.mouse("mouseMoved", *begin, down=False)
        self.mouse("mousePressed", *begin)
        self.mouse("mouseMoved", *end)
        self.mouse("mouseReleased", *end, down=False)

    def box(self, selector: str) -> dict[str, float]:
        """Where an element lies in the window, scrolled into view."""
        script = f"""(() => {{
          const element = document.querySelector({json.dumps(selector)});
          element.scrollIntoView({{block: 'center', behavior: 'instant'}});
          const {{x, y, width, height}} = element.getBoundingClientRect();
          return {{x, y, width, height}};
        }})()"""
        made = self.run(script)
        assert isinstance(made, dict)
        return made

    def picture(self, path: str | Path, whole: bool = True) -> None:
        """A screenshot of the whole page, or of its first screen."""
        made = self.send("Page.captureScreenshot", captureBeyondViewport=whole, **self._clip(whole))
        Path(path).write_bytes(base64.b64decode(made["data"]))

    def _clip(self, whole: bool) -> dict:
        if not whole:
            return {}
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}

    def pdf(self) -> bytes:
        """The page as it is printed on A4."""
        made = self.send("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=True)
        return base64.b64decode(made["data"])
