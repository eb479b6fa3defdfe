"""Quality indices by other means than ``core.quality``: by torchmetrics, or as a definition reads, on whole images in
memory (a hypercomplex product of every pixel, a window at a time, dense Gaussians)."""

from __future__ import annotations

import math

import numpy as np

BLOCK = 32


def blocks(image: np.ndarray) -> list[np.ndarray]:
    """(B, r, c) to a list of (B, 1024)."""
    rows, cols = (size // BLOCK for size in image.shape[1:])
    return [
        image[:, BLOCK * i : BLOCK * (i + 1), BLOCK * j : BLOCK * (j + 1)].reshape(len(image), -1)
        for i in range(rows)
        for j in range(cols)
    ]


def pairwise_uiqi(image: np.ndarray) -> np.ndarray:
    found = []
    for block in blocks(image):
        covariance, mean = np.cov(block), block.mean(axis=1)
        variance = np.diagonal(covariance)
        means = 2 * np.outer(mean, mean) / np.add.outer(mean**2, mean**2)
        found.append(2 * covariance / np.add.outer(variance, variance) * means)
    return np.mean(found, axis=0)


def conjugate(number: np.ndarray) -> np.ndarray:
    return np.concatenate([number[:1], -number[1:]])


def multiply(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The Cayley-Dickson product of (2^n, pixels), by its recursive definition."""
    if len(p) == 1:
        return p * q
    half = len(p) // 2
    a, b, c, d = p[:half], p[half:], q[:half], q[half:]
    return np.concatenate(
        [multiply(a, c) - multiply(conjugate(d), b), multiply(d, a) + multiply(b, conjugate(c))],
    )


def q2n(fused: np.ndarray, reference: np.ndarray) -> float:
    size = 1 << (len(fused) - 1).bit_length()
    values = []
    for first, second in zip(blocks(fused), blocks(reference)):
        z1, z2 = (np.pad(part, [(0, size - len(part)), (0, 0)]) for part in (first, second))
        mean1, mean2 = z1.mean(axis=1, keepdims=True), z2.mean(axis=1, keepdims=True)
        covariance = np.linalg.norm(multiply(z1 - mean1, conjugate(z2 - mean2)).mean(axis=1))
        spread = ((z1 - mean1) ** 2).sum(axis=0).mean() + ((z2 - mean2) ** 2).sum(axis=0).mean()
        length1, length2 = np.linalg.norm(mean1), np.linalg.norm(mean2)
        values.append(4 * covariance * length1 * length2 / (spread * (length1**2 + length2**2)))
    return float(np.mean(values)) if values else math.nan


def degrade(image: np.ndarray, ratio: int, gain: float) -> np.ndarray:
    """Dense Gaussian sums with replicated edges, for grids that share a corner."""
    sigma = ratio * math.sqrt(-2 * math.log(gain)) / math.pi
    margin = 5 * ratio

    def weights(outputs: int, inputs: int) -> np.ndarray:
        centre = margin + (np.arange(outputs)[:, None] + 0.5) * ratio - 0.5
        distance = np.arange(inputs + 2 * margin) - centre
        weight = np.where(np.abs(distance) <= 4 * ratio, np.exp(-(distance**2) / (2 * sigma**2)), 0.0)
        return weight / weight.sum(axis=1, keepdims=True)

    rows, cols = image.shape[1:]
    padded = np.pad(image, [(0, 0), (margin, margin), (margin, margin)], mode="edge")
    return weights(rows // ratio, rows) @ padded @ weights(cols // ratio, cols).T


def local_correlation(fused: np.ndarray, pan: np.ndarray, size: int) -> float:
    view = np.lib.stride_tricks.sliding_window_view
    second = view(pan, (size, size)).reshape(-1, size * size)
    second = second - second.mean(axis=1, keepdims=True)
    values = []
    for band in fused:
        first = view(band, (size, size)).reshape(-1, size * size)
        first = first - first.mean(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            quotient = (first * second).sum(axis=1) / np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
        values.append(np.nanmean(quotient))
    return float(np.mean(values))


def unexplained(fused: np.ndarray, pan: np.ndarray) -> float:
    design = np.column_stack([np.ones(pan.size), *(band.ravel() / band.std() for band in fused)])
    fit = design @ np.linalg.lstsq(design, pan.ravel(), rcond=None)[0]
    return float(((pan.ravel() - fit) ** 2).sum() / ((pan - pan.mean()) ** 2).sum())


def with_reference(fused: np.ndarray, reference: np.ndarray, ratio: int) -> dict[str, tuple[float, str]]:
    import torch
    from torchmetrics import functional
    from torchmetrics.functional import audio, image

    x, y = (torch.from_numpy(array)[None] for array in (fused, reference))
    singles = [(x[:, b : b + 1], y[:, b : b + 1]) for b in range(len(fused))]

    def ssim(a: torch.Tensor, b: torch.Tensor) -> float:
        extent = float(b.max() - b.min())
        _, windows = image.structural_similarity_index_measure(a, b, data_range=extent, return_full_image=True)
        return float(windows[..., 5:-5, 5:-5].mean())  # windows that lie wholly inside

    psnr = [float(image.peak_signal_noise_ratio(a, b, data_range=float(b.max()))) for a, b in singles]
    bands = len(fused)
    uiqi = [pairwise_uiqi(np.stack([a, b]))[0, 1] for a, b in zip(fused, reference)]
    sliding = float(image.universal_image_quality_index(x, y))
    return {
        "rmse": (float(functional.mean_squared_error(x, y, squared=False)), "torchmetrics"),
        "psnr": (float(np.mean(psnr)), "torchmetrics, mean over bands"),
        "cc": (
            float(functional.pearson_corrcoef(x.reshape(bands, -1).T, y.reshape(bands, -1).T).mean()),
            "torchmetrics",
        ),
        "ssim": (float(np.mean([ssim(a, b) for a, b in singles])), "torchmetrics, whole windows"),
        "sam": (math.degrees(float(image.spectral_angle_mapper(x, y))), "torchmetrics"),
        "ergas": (float(image.error_relative_global_dimensionless_synthesis(x, y, ratio=ratio)), "torchmetrics"),
        "rsnr": (float(audio.signal_noise_ratio(x.flatten(), y.flatten())), "torchmetrics, SNR of audio"),
        "uiqi": (float(np.mean(uiqi)), f"numpy.cov in blocks (torchmetrics, sliding Gaussian: {sliding:.6f})"),
        "q2n": (q2n(fused, reference), "hypercomplex products of pixels"),
    }


def without_reference(
    fused: np.ndarray, pan: np.ndarray, hsi: np.ndarray, ratio: int, gain: float
) -> dict[str, tuple[float, str]]:
    import torch
    from torchmetrics.functional import image

    degraded, pan_low = degrade(fused, ratio, gain), degrade(pan[None], ratio, gain)
    change = np.abs(pairwise_uiqi(np.concatenate([fused, pan[None]])) - pairwise_uiqi(np.concatenate([hsi, pan_low])))
    bands = len(fused)
    found = {
        "d_lambda": change[:bands, :bands].sum() / (bands * (bands - 1)),
        "d_lambda_k": 1 - q2n(degraded, hsi),
        "d_s": change[:bands, -1].mean(),
        "d_s_reg": unexplained(fused, pan),
        "d_rho": 1 - local_correlation(fused, pan, ratio),
        "consistency": math.sqrt(((degraded - hsi) ** 2).sum() / (hsi**2).sum()),
    }
    found["qnr"] = (1 - found["d_lambda"]) * (1 - found["d_s"])
    found["hqnr"] = (1 - found["d_lambda_k"]) * (1 - found["d_s"])
    found["rqnr"] = (1 - found["d_lambda_k"]) * (1 - found["d_s_reg"])
    few = np.linspace(0, bands - 1, min(bands, 12)).astype(int)  # it takes a convolution a pair of bands
    x, low = (torch.from_numpy(array[few])[None] for array in (fused, hsi))
    high_pan, low_pan = (torch.from_numpy(array)[None].expand(-1, len(few), -1, -1) for array in (pan[None], pan_low))
    sliding = {
        "d_lambda": image.spectral_distortion_index(low, x),
        "d_s": image.spatial_distortion_index(x, low, high_pan, low_pan),
        "qnr": image.quality_with_no_reference(x, low, high_pan, low_pan),
    }
    means = dict.fromkeys(found, "formula, dense numpy")
    for key, value in sliding.items():
        means[key] += f" (torchmetrics, sliding Gaussian, {len(few)} bands: {float(value):.6f})"
    return {key: (float(value), means[key]) for key, value in found.items()}
