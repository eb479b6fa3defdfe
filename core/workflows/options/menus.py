"""What menus show for the words of choices: (word, title)."""

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
