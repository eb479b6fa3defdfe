"""Try out the packages of a folder as the plugin will use them: ``check_torch.py FOLDER``. Prints one line of JSON.

A small convolution must give what numpy gives for the same numbers, with the numpy that QGIS has, and a model file must
come back as it was saved.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def check(folder: str) -> dict[str, str]:
    """Versions of what was tried; raises where something does not work."""
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    import search_path  # type: ignore[import-not-found]  # it lies in the folder that has just become sys.path[0]

    sys.path.pop(0)
    import numpy as np

    search_path.prefer(folder)
    import torch
    from safetensors import __version__ as safetensors_version
    from safetensors.torch import load, save

    image = np.sin(np.arange(2 * 6 * 7, dtype=np.float32)).reshape(2, 6, 7)
    kernel = np.cos(np.arange(2 * 3 * 3, dtype=np.float32)).reshape(2, 3, 3)
    expected = [[float((image[:, r : r + 3, c : c + 3] * kernel).sum()) for c in range(5)] for r in range(4)]
    found = torch.nn.functional.conv2d(torch.from_numpy(image)[None], torch.from_numpy(kernel)[None])[0, 0]
    if not np.allclose(found.numpy(), expected, atol=1e-4):
        raise ArithmeticError("a small convolution gave wrong numbers")
    if not torch.equal(load(save({"x": found.contiguous()}))["x"], found):
        raise ArithmeticError("a saved tensor did not come back as it was")
    if Path(folder).resolve() in Path(np.__file__).resolve().parents:
        raise ImportError("another numpy than that of QGIS was loaded")
    return {
        "torch": str(torch.__version__),
        "safetensors": str(safetensors_version),
        "numpy": np.__version__,
    }


def main() -> int:
    """Print what was found, or why it does not work."""
    try:
        print(json.dumps(check(sys.argv[1])))
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        print(f"ERROR: {lines[0][:300]}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
