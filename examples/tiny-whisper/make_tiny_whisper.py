#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a small Whisper model with random weights in whisper.cpp's own format, and audio for it: it says nothing of sense, and runs
everything that a real one runs.

Usage: make_tiny_whisper.py OUT.bin [--audio OUT.wav] [--set FOLDER] [--seconds N] [--seed N]
`--set` makes eight recordings of a second each; what is said in them (babble/*.txt) was written by hand from what the model hears.
Needs nothing but Python. The same arguments give the same files: random numbers are sums of Python's own uniform ones.
"""
import argparse
import math
import pathlib
import random
import struct

VOCABULARY = 51864  # of a model for English alone; whisper.cpp knows the special tokens by their numbers
END, START = 50256, 50257
MELS, BINS, RATE, WINDOW = 80, 201, 16000, 400
AUDIO_CONTEXT, TEXT_CONTEXT, WIDTH, HEADS, LAYERS = 1500, 64, 32, 2, 1
CONSONANTS, VOWELS = "bdfgklmnprst", "aeiou"


def words():
    return [" "] + [f" {a}{b}{c}" for a in CONSONANTS for b in VOWELS for c in CONSONANTS[:5]][:299]


def mel_filters():
    """Triangles of equal area on the scale of Slaney's Auditory Toolbox, as Whisper was trained with."""

    def to_mel(hz):
        return 3 * hz / 200 if hz < 1000 else 15 + math.log(hz / 1000) * 27 / math.log(6.4)

    def to_hz(mel):
        return 200 * mel / 3 if mel < 15 else 1000 * math.exp((mel - 15) * math.log(6.4) / 27)

    edges = [to_hz(to_mel(RATE / 2) * i / (MELS + 1)) for i in range(MELS + 2)]
    rows = []
    for low, middle, high in zip(edges, edges[1:], edges[2:]):
        for k in range(BINS):
            hz = k * RATE / WINDOW
            rise, fall = (hz - low) / (middle - low), (high - hz) / (high - middle)
            rows.append(round(max(0.0, min(rise, fall)) * 2 / (high - low), 9))
    return rows


class Writer:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.parts = []

    def numbers(self, kind, *values):
        self.parts.append(struct.pack(f"<{len(values)}{kind}", *values))

    def normal(self, scale):
        """Nearly normal, and the same on every machine."""
        return (sum(self.random.random() for _ in range(12)) - 6) * scale

    def tensor(self, name, shape, values, half):
        """`shape` with the fastest dimension first."""
        assert math.prod(shape) == len(values), name
        self.numbers("i", len(shape), len(name), int(half), *shape)
        self.parts.append(name.encode())
        self.numbers("e" if half else "f", *values)

    def weights(self, name, inputs, outputs, scale=1.0):
        spread = scale * inputs**-0.5
        self.tensor(name + ".weight", [inputs, outputs], [self.normal(spread) for _ in range(inputs * outputs)], True)

    def bias(self, name, n):
        self.tensor(name + ".bias", [n], [self.normal(0.1) for _ in range(n)], False)

    def norm(self, name):
        self.tensor(name + ".weight", [WIDTH], [1 + self.normal(0.1) for _ in range(WIDTH)], False)
        self.bias(name, WIDTH)

    def convolution(self, name, inputs):
        spread = (3 * inputs) ** -0.5
        self.tensor(name + ".weight", [3, inputs, WIDTH], [self.normal(spread) for _ in range(3 * inputs * WIDTH)], True)
        self.tensor(name + ".bias", [1, WIDTH], [self.normal(0.1) for _ in range(WIDTH)], False)

    def attention(self, name, scale=1.0):
        for part in ("query", "key", "value", "out"):
            self.weights(f"{name}.{part}", WIDTH, WIDTH, scale if part == "out" else 1.0)
            if part != "key":
                self.bias(f"{name}.{part}", WIDTH)

    def block(self, name, cross):
        self.norm(name + ".attn_ln")
        self.attention(name + ".attn")
        if cross:
            self.norm(name + ".cross_attn_ln")
            self.attention(name + ".cross_attn", 4.0)
        self.norm(name + ".mlp_ln")
        self.weights(name + ".mlp.0", WIDTH, 4 * WIDTH)
        self.bias(name + ".mlp.0", 4 * WIDTH)
        self.weights(name + ".mlp.2", 4 * WIDTH, WIDTH, 3.0)
        self.bias(name + ".mlp.2", WIDTH)

    def positions(self, name, n):
        """Sines and cosines, as the encoder has them."""
        values = []
        for position in range(n):
            angles = [position * 10000 ** (-k / (WIDTH // 2 - 1)) for k in range(WIDTH // 2)]
            values += [round(f(angle), 5) for f in (math.sin, math.cos) for angle in angles]
        self.tensor(name, [WIDTH, n], values, False)


def make_model(path, seed):
    writer, vocabulary = Writer(seed), words()
    writer.numbers("I", 0x67676D6C)
    writer.numbers("i", VOCABULARY, AUDIO_CONTEXT, WIDTH, HEADS, LAYERS, TEXT_CONTEXT, WIDTH, HEADS, LAYERS, MELS, 1)
    writer.numbers("i", MELS, BINS)
    writer.numbers("f", *mel_filters())
    writer.numbers("i", len(vocabulary))
    for word in vocabulary:
        writer.numbers("I", len(word))
        writer.parts.append(word.encode())
    writer.positions("encoder.positional_embedding", AUDIO_CONTEXT)
    writer.convolution("encoder.conv1", MELS)
    writer.convolution("encoder.conv2", WIDTH)
    for layer in range(LAYERS):
        writer.block(f"encoder.blocks.{layer}", False)
    writer.norm("encoder.ln_post")
    values = [writer.normal(4.0) for _ in range(TEXT_CONTEXT * WIDTH)]
    writer.tensor("decoder.positional_embedding", [WIDTH, TEXT_CONTEXT], values, False)
    # Tokens that are never said are zero: they pack to nothing.
    embedding = [0.0] * (VOCABULARY * WIDTH)
    for token in [*range(len(vocabulary)), END, START]:
        embedding[token * WIDTH : (token + 1) * WIDTH] = [writer.normal(0.8) for _ in range(WIDTH)]
    writer.tensor("decoder.token_embedding.weight", [WIDTH, VOCABULARY], embedding, True)
    for layer in range(LAYERS):
        writer.block(f"decoder.blocks.{layer}", True)
    writer.norm("decoder.ln")
    path.write_bytes(b"".join(writer.parts))


def make_audio(path, seconds, seed):
    """Triangle waves whose pitch and loudness change five times a second, in whole numbers alone."""
    source, samples = random.Random(seed), []
    while len(samples) < seconds * RATE:
        period, loudness = source.randrange(20, 160), source.randrange(500, 9000)
        for i in range(RATE // 5):
            samples.append(loudness * (abs(4 * (i % period) - 2 * period) - period) // period)
    data = struct.pack(f"<{seconds * RATE}h", *samples[: seconds * RATE])
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16, b"data", len(data))
    path.write_bytes(head + data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--audio", type=pathlib.Path)
    parser.add_argument("--set", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=4)
    given = parser.parse_args()
    make_model(given.out, given.seed)
    if given.audio:
        make_audio(given.audio, given.seconds, given.seed)
    for i in range(8 if given.set else 0):
        given.set.mkdir(exist_ok=True)
        make_audio(given.set / f"babble-{i}.wav", 1, given.seed + 1 + i)
