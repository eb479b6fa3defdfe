"""What menus show for the words of choices: (word, title); and what sentences and layers call networks."""

from __future__ import annotations

AUTOMATIC = "Automatic (recommended)"
SHIFT = (
    ("auto", "Automatic: where the shift is sure (recommended)"),
    ("none", "Leave the PAN where it is"),
    ("global", "Move it as a whole, in any case"),
    ("local", "Move it as a whole, and each place as well"),
)
EFFORT = (
    ("fast", "Fast, for a first look"),
    ("normal", "Normal (recommended)"),
    ("thorough", "Thorough, for the best result"),
)
COMPRESS = (("deflate", "Deflate (recommended)"), ("zstd", "Zstandard, faster"), ("none", "None"))
CLIP = (("none", "Count them and say so"), ("range", "Set them to the limit that they are beyond"))
DEVICE = (
    ("auto", AUTOMATIC),
    ("cpu", "Processor (CPU)"),
    ("cuda", "NVIDIA graphics card (CUDA)"),
    ("mps", "Apple graphics (MPS)"),
)
DENOISE = (("auto", "Find it and remove it"), ("off", "Leave it"))
NETWORK = (
    ("ssml", "SSML: two networks that teach each other (recommended)"),
    ("s2bnet", "S2BNet: small and binarized, for 3 to 16 bands"),
    ("bisrnet", "BiSRNet: binarized, its simpler ancestor"),
    ("s2bnet_float", "S2BNet in full precision"),
)
NETWORK_TITLES = {
    "ssml": "SSML",
    "s2bnet": "S2BNet",
    "bisrnet": "BiSRNet",
    "s2bnet_float": "S2BNet, full precision",
}
"""Networks that the dialogs offer; any two others may be paired by name."""


def network_title(name: str) -> str:
    """What a network is called in sentences and names of layers.

    Args:
        name: of the network or pair, as options and model files have it.

    Returns:
        Its title; the name where it has none.
    """
    return NETWORK_TITLES.get(name, name)
