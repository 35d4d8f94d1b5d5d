"""Data made by rule, the same on every machine: rendered text, speech-like and musical sound, files of many kinds.
Each function takes (count, seed) and gives arrays by name with the samples along the first axis."""
import bz2
import gzip
import io
import json
import lzma
import pathlib
import pickle
import re
import struct
import sys
import sysconfig
import tarfile
import wave
import zipfile
import zlib

import numpy as np

TREE = pathlib.Path(__file__).resolve().parent.parent


# --- text as pictures -------------------------------------------------------------------------------------------------

def words():
    text = " ".join((TREE / name).read_text() for name in ("README.md", "HACKING.md"))
    return [word for word in re.findall(r"[A-Za-z]+", text) if len(word) > 1]


def line_of(random, length):
    text = ""
    while len(text) < length:
        text += " " * bool(text) + (str(random.integers(10, 9999)) if random.random() < 0.15 else str(random.choice(words())))
    return text


def drawn(draw, at, text, size, colour):
    from PIL import ImageFont
    draw.text(at, text, font=ImageFont.load_default(size), fill=colour)


def spoilt(random, picture):
    """A little turned, blurred and noisy, as a photograph is."""
    from PIL import ImageFilter
    paper = tuple(int(v) for v in np.asarray(picture)[0, 0])
    picture = picture.rotate(random.uniform(-1.5, 1.5), fillcolor=paper).filter(ImageFilter.GaussianBlur(random.uniform(0, 0.9)))
    noisy = np.asarray(picture, np.float32) + random.normal(0, random.uniform(1, 8), (picture.height, picture.width, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def colours(random):
    """Paper and ink, one bright and one dark."""
    bright, dark = random.integers(170, 256, 3), random.integers(0, 90, 3)
    pair = [tuple(map(int, bright)), tuple(map(int, dark))]
    return pair if random.random() < 0.7 else pair[::-1]


def text_lines(count, seed, width=320):
    from PIL import Image, ImageDraw
    random = np.random.default_rng(seed)
    pictures, texts = [], []
    while len(texts) < count:
        paper, ink = colours(random)
        picture, size = Image.new("RGB", (width, 48), paper), int(random.integers(22, 34))
        draw, text = ImageDraw.Draw(picture), line_of(random, int(random.integers(4, 22)) * width // 320)
        while len(text) > 3 and draw.textlength(text, font=_font(size)) > width - 12:
            text = text[:-1].strip()
        drawn(draw, (6, 4 + int(random.integers(0, 6))), text, size, ink)
        pictures.append(spoilt(random, picture))
        texts.append(text)
    return {"pictures": np.stack(pictures), "text": np.array(texts)}


def _font(size):
    from PIL import ImageFont
    return ImageFont.load_default(size)


def turned_lines(count, seed):
    """Lines of 192 x 48, every second one upside down: class 1."""
    pictures, label = text_lines(count, seed, 192)["pictures"], np.arange(count) % 2
    pictures[label == 1] = pictures[label == 1][:, ::-1, ::-1]
    return {"pictures": pictures, "label": label}


def pages(count, seed):
    """Pages of 320 x 480 with lines of text, boxes and stripes."""
    from PIL import Image, ImageDraw
    random = np.random.default_rng(seed)
    pictures = []
    for _ in range(count):
        paper, ink = colours(random)
        picture = Image.new("RGB", (480, 320), paper)
        draw, top = ImageDraw.Draw(picture), int(random.integers(5, 30))
        for _ in range(random.integers(0, 4)):
            x, y = random.integers(0, 400), random.integers(0, 260)
            draw.rectangle((x, y, x + random.integers(10, 160), y + random.integers(5, 90)), fill=tuple(map(int, random.integers(90, 256, 3))))
        while top < 290:
            size = int(random.integers(12, 34))
            drawn(draw, (int(random.integers(5, 120)), top), line_of(random, int(random.integers(4, 26))), size, ink)
            top += int(size * random.uniform(1.3, 2.4))
        pictures.append(spoilt(random, picture))
    return {"pictures": np.stack(pictures)}


# --- sound ------------------------------------------------------------------------------------------------------------

VOWELS = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410), (660, 1720, 2410)]  # Hz, Peterson and Barney 1952


def syllable(random, rate):
    """A noisy consonant and a vowel: pulses of the voice through three resonances."""
    from scipy.signal import lfilter
    length, pitch = int(rate * random.uniform(0.12, 0.3)), random.uniform(95, 230)
    phase = np.cumsum(pitch * (1 + 0.06 * np.sin(np.arange(length) / rate * random.uniform(4, 9))) / rate)
    sound = np.diff(np.floor(phase), prepend=0) + 0.02 * random.normal(size=length)
    for formant in VOWELS[random.integers(len(VOWELS))]:
        radius, angle = np.exp(-np.pi * 80 / rate), 2 * np.pi * formant / rate
        sound = lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius * radius], sound)
    sound *= np.hanning(length) / (np.abs(sound).max() + 1e-9)
    consonant = random.normal(size=int(rate * random.uniform(0.02, 0.08)))
    return np.concatenate([0.15 * np.diff(consonant, prepend=0), sound])


def speech(seconds, seed, rate=16000):
    """Phrases of syllables, pauses between them, noise under all of it."""
    random, parts, length = np.random.default_rng(seed), [], 0
    while length < seconds * rate:
        parts.append(np.zeros(int(rate * random.uniform(0.2, 1.2))))
        parts += [random.uniform(0.1, 0.7) * syllable(random, rate) for _ in range(random.integers(3, 10))]
        length = sum(map(len, parts))
    sound = np.concatenate(parts)[:int(seconds * rate)]
    return (sound + random.normal(0, 0.004, len(sound))).astype(np.float32)


def speech_windows(count, seed):
    """Windows of 512 samples, each behind the last 64 of the one before."""
    sound = np.concatenate([np.zeros(64, np.float32), speech(count * 512 / 16000 + 1, seed)])
    return np.stack([sound[i * 512:i * 512 + 576] for i in range(count)])


def recordings(count, seed, rate=16000, length=144160):
    """Speech from clean to hardly heard: each one's own loudness, hum or hiss or none, echo or none, some of it cut off at the top."""
    random, sounds = np.random.default_rng(seed), []
    for k in range(count):
        sound = speech(length / rate, 1000 * seed + k, rate)
        if random.random() < 0.4:
            echo = random.normal(size=rate // 4) * np.exp(-np.arange(rate // 4) / rate / random.uniform(0.02, 0.08))
            sound = sound + np.convolve(sound, echo / np.abs(echo).sum() * random.uniform(1, 4))[:length]
        noise = random.normal(size=length)
        if random.random() < 0.5:
            noise = np.cumsum(noise - np.convolve(noise, np.ones(200) / 200, "same"))
        sound = sound / sound.std() + noise / noise.std() * 10 ** (-random.uniform(0, 50) / 20)
        loud = sound * random.uniform(0.05, 1.5) / np.abs(sound).max()
        sounds.append(np.clip(loud, -1, 1).astype(np.float32))
    return {"audio": np.stack(sounds)}


def music(count, seed, rate=22050, length=43844):
    """Plucked notes of several harmonics, one to four at a time."""
    random, time = np.random.default_rng(seed), np.arange(length) / rate
    sounds = np.zeros((count, length))
    for sound in sounds:
        for _ in range(random.integers(4, 14)):
            pitch, begin = 440 * 2 ** ((random.integers(40, 88) - 69) / 12), random.uniform(0, 1.8)
            after = np.maximum(time - begin, 0)
            tone = sum(np.sin(2 * np.pi * k * pitch * after) / k ** random.uniform(0.8, 1.6) for k in range(1, 7) if k * pitch < rate / 2)
            sound += random.uniform(0.05, 0.3) * tone * np.exp(-after * random.uniform(1, 6)) * np.minimum(after * 200, 1)
        sound += random.normal(0, 0.002, length)
    return {"audio": (sounds / np.maximum(1, np.abs(sounds).max(1, keepdims=True)))[..., None].astype(np.float32)}


# --- files of many kinds ----------------------------------------------------------------------------------------------

KINDS = {".py": "python", ".md": "markdown", ".yaml": "yaml", ".css": "css", ".html": "html", ".ts": "typescript", ".tsx": "typescript", ".rs": "rust",
         ".cpp": "cpp", ".toml": "toml", ".json": "json", ".cmake": "cmake", ".pyc": "pythonbytecode", ".so": "elf", ".csv": "csv", ".txt": "txt"}
BLOCK, PART, PADDING = 4096, 1024, 256  # as the model's own configuration has them
A_KIND = 24                             # files of one kind


def found_files():
    """(kind, bytes): sources of this tree and of Python's library, long ones in several pieces."""
    places = [TREE, pathlib.Path(sysconfig.get_paths()["stdlib"]), pathlib.Path(np.__file__).parent]
    of_kind = {}
    for place in places:
        for path in sorted(place.rglob("*")):
            kind = KINDS.get(path.suffix)
            if not kind or len(of_kind.setdefault(kind, [])) >= A_KIND or not path.is_file() or "build" in path.parts or path.stat().st_size < 200:
                continue
            content = path.read_bytes()
            pieces = [content] if kind in ("elf", "pythonbytecode", "json") else content.decode(errors="replace").split("\n\n\n")[:3]
            of_kind[kind] += [piece if isinstance(piece, bytes) else piece.encode() for piece in pieces if len(piece) > 200]
    return [(kind, content) for kind, contents in of_kind.items() for content in contents[:A_KIND]]


def made_files(random):
    """(kind, bytes) of one of each kind that the standard library, numpy and PIL write."""
    from PIL import Image
    picture = Image.fromarray(np.kron(random.integers(0, 256, (6, 6, 3)), np.ones((8, 8, 1))).astype(np.uint8))
    for kind in ("png", "jpeg", "gif", "bmp", "webp", "tiff", "ico"):
        yield kind, written(lambda file: picture.save(file, kind.upper()))
    text = " ".join(random.choice(words(), 300)).encode()
    table = random.normal(size=(20, 5))
    yield from (("gzip", gzip.compress(text)), ("bzip", bz2.compress(text)), ("xz", lzma.compress(text)), ("zlibstream", zlib.compress(text)))
    yield "npy", written(lambda file: np.save(file, table))
    yield "npz", written(lambda file: np.savez(file, table=table))
    yield "pickle", pickle.dumps({str(word): float(v) for word, v in zip(random.choice(words(), 20), table.ravel())})
    yield "csv", "\n".join(["a,b,c,d,e", *(",".join(f"{v:.4f}" for v in row) for row in table)]).encode()
    yield "json", json.dumps([{"name": str(word), "value": float(v)} for word, v in zip(random.choice(words(), 20), table.ravel())], indent=2).encode()
    yield "jsonl", "\n".join(json.dumps({"id": k, "values": list(row)}) for k, row in enumerate(table.tolist())).encode()
    yield "xml", ("<?xml version='1.0'?>\n<rows>" + "".join(f"<row><name>{random.choice(words())}</name><value>{v:.3f}</value></row>\n" for v in table[0]) + "</rows>").encode()
    yield "ini", "\n".join(f"[{random.choice(words())}]\n{random.choice(words())} = {v:.2f}\n" for v in table[0]).encode()
    yield "sql", "\n".join(f"INSERT INTO {random.choice(words())} (name, value) VALUES ('{random.choice(words())}', {v:.3f});" for v in table[0]).encode()
    yield "zip", written(lambda file: zipped(file, text))
    yield "tar", written(lambda file: tarred(file, text))
    yield "wav", written(lambda file: waved(file, random))
    yield "randombytes", random.bytes(3000)
    yield "pcap", struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(struct.pack("<IIII", k, 0, 60, 60) + random.bytes(60) for k in range(20))


def written(write):
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def zipped(file, text):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes.txt", text)


def tarred(file, text):
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo("notes.txt")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))


def waved(file, random):
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes((random.normal(size=3000) * 3000).astype("<i2").tobytes())


def as_numbers(content):
    """The first and the last bytes without the space around them, filled up with a number that is no byte."""
    first, last = content[:BLOCK].lstrip()[:PART], content[-BLOCK:].rstrip()[-PART:]
    numbers = np.full(2 * PART, PADDING, np.int32)
    numbers[:len(first)] = list(first)
    numbers[2 * PART - len(last):] = list(last)
    return numbers


def files(count, seed):
    import packages
    kinds = json.loads((packages.folder() / "magika/models/standard_v3_3/config.min.json").read_text())["target_labels_space"]
    random = np.random.default_rng(0)
    all_files = found_files() + [pair for _ in range(6) for pair in made_files(random)]
    known = [(kinds.index(kind), content) for kind, content in all_files if kind in kinds]
    order = np.random.default_rng(1).permutation(len(known))  # the same for both splits, which take from its two ends
    taken = [known[k] for k in (order[:count] if seed == 0 else order[::-1][:count])]
    return {"bytes": np.stack([as_numbers(content) for _, content in taken]), "label": np.array([kind for kind, _ in taken])}
