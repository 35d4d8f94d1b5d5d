#!/usr/bin/env python3
"""Golden data of src/data, made with Pillow and NumPy: tests/golden/data/.

Needs numpy and pillow. Images are small and synthetic; pixels are what Pillow decodes, resizes and converts.
"""
import io
import os

import numpy as np
from PIL import Image

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "data")
SHAPE = (37, 53)


def picture(height, width, channels=3):
    y, x = np.mgrid[0:height, 0:width]
    waves = [128 + 100 * np.sin(x / (3 + c) + c) * np.cos(y / (5 - c)) + (x * y % 23) for c in range(channels)]
    return np.clip(np.stack(waves, -1), 0, 255).astype(np.uint8)


def save(name, raw):
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(raw)


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def rgb(raw):
    return np.asarray(Image.open(io.BytesIO(raw)).convert("RGB"))


def images():
    base = Image.fromarray(picture(*SHAPE))
    files = {
        "baseline.jpg": encoded(base, "JPEG", quality=85),
        "progressive.jpg": encoded(base, "JPEG", quality=85, progressive=True),
        "sampled.jpg": encoded(base, "JPEG", quality=70, subsampling=2),
        "gray.jpg": encoded(base.convert("L"), "JPEG", quality=85),
        "cmyk.jpg": encoded(base.convert("CMYK"), "JPEG", quality=90),
        "rgb.png": encoded(base, "PNG"),
        "alpha.png": encoded(Image.fromarray(picture(*SHAPE, 4), "RGBA"), "PNG"),
        "palette.png": encoded(base.quantize(16), "PNG"),
        "bit.png": encoded(base.convert("1"), "PNG"),
        "gray.png": encoded(base.convert("L"), "PNG"),
    }
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    files["turned.jpg"] = encoded(base, "JPEG", quality=85, exif=exif)
    pixels = {}
    for name, raw in files.items():
        save(name, raw)
        pixels[name] = rgb(raw)
    np.savez(os.path.join(OUT, "pixels.npz"), **pixels)
    return files


def resizes():
    image = Image.fromarray(picture(*SHAPE))
    sizes = [(16, 16), (37, 20), (20, 53), (74, 106), (5, 7), (64, 31)]
    arrays = {"%dx%d" % size: np.asarray(image.resize((size[1], size[0]), Image.BILINEAR)) for size in sizes}
    arrays["source"] = picture(*SHAPE)
    arrays["luma"] = np.asarray(image.convert("L"))
    np.savez(os.path.join(OUT, "resizes.npz"), **arrays)


def feeds():
    """Every byte in every channel, fed as the zoo's eval.py feeds CIFAR-10 and the ImageNet sample."""
    x = np.repeat(np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1), 3, 3)
    mean, std = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
    cifar = (x.astype(np.float32) / np.float32(255) - mean) / std
    imagenet = (x.astype(np.float32) - np.float32(127)) / np.float32(128)
    np.savez(os.path.join(OUT, "feeds.npz"), x=x, cifar=cifar.transpose(0, 3, 1, 2), imagenet=imagenet.transpose(0, 3, 1, 2))


def arrays():
    values = np.arange(24)
    np.savez_compressed(os.path.join(OUT, "packed.npz"), a=values.astype(np.float32).reshape(4, 6), y=np.arange(4))
    np.savez(os.path.join(OUT, "types.npz"), f2=values.astype(np.float16).reshape(4, 6), f8=values / 3.0, u1=values.astype(np.uint8), b=values % 2 == 0,
             fortran=np.asfortranarray(values.reshape(2, 3, 4).astype(np.int32)), scalar=np.float32(2.5))
    np.save(os.path.join(OUT, "pickled.npy"), np.array([{"a": 1}], dtype=object), allow_pickle=True)


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    images()
    resizes()
    feeds()
    arrays()
