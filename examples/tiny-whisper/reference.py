#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the tiny model hears in audio, by NumPy alone from the definition of its architecture: the reference that the engine is held
against. Greedy and without timestamps.

Usage: reference.py MODEL.bin AUDIO.wav TOKENS.npy PROBABILITIES.npy    Needs PyPI numpy (requirements.txt beside it pins it).
"""
import struct
import sys

import numpy as np

END, START, TRANSLATE, TRANSCRIBE, SOLM, PREVIOUS, NO_SPEECH, NO_TIMES, FIRST_TIME = 50256, 50257, *range(50357, 50364)
SUPPRESSED = [START, NO_TIMES, NO_SPEECH, SOLM, TRANSLATE, TRANSCRIBE, PREVIOUS, *range(50258, 50358)]


class Model:
    def __init__(self, path):
        data = open(path, "rb").read()
        at = 4

        def numbers(n):
            nonlocal at
            at += 4 * n
            return struct.unpack_from(f"<{n}i", data, at - 4 * n)

        (_, self.audio_context, self.width, self.heads, self.layers, self.text_context, *_) = numbers(11)
        mels, bins = numbers(2)
        self.filters = np.frombuffer(data, np.float32, mels * bins, at).reshape(mels, bins)
        at += 4 * mels * bins
        self.words = []
        for _ in range(numbers(1)[0]):
            (n,) = numbers(1)
            self.words.append(data[at : at + n].decode())
            at += n
        self.tensors = {}
        while at < len(data):
            n_dims, name_bytes, half = numbers(3)
            shape = numbers(n_dims)[::-1]
            name = data[at : at + name_bytes].decode()
            at += name_bytes
            kind = np.float16 if half else np.float32
            count = int(np.prod(shape))
            self.tensors[name] = np.frombuffer(data, kind, count, at).reshape(shape).astype(np.float64)
            at += count * kind().itemsize

    def __getitem__(self, name):
        return self.tensors[name]

    def linear(self, name, x):
        bias = self.tensors.get(name + ".bias")
        return x @ self[name + ".weight"].T + (0 if bias is None else bias)

    def norm(self, name, x):
        middle = x - x.mean(-1, keepdims=True)
        return middle / np.sqrt((middle**2).mean(-1, keepdims=True) + 1e-5) * self[name + ".weight"] + self[name + ".bias"]

    def attention(self, name, x, source, causal=False):
        q, k, v = (self.linear(f"{name}.{part}", y) for part, y in (("query", x), ("key", source), ("value", source)))
        each, parts = self.width // self.heads, []
        for head in range(self.heads):
            span = slice(head * each, (head + 1) * each)
            scores = q[:, span] @ k[:, span].T / np.sqrt(each)
            if causal:
                scores += np.triu(np.full(scores.shape, -np.inf), 1)
            shares = np.exp(scores - scores.max(-1, keepdims=True))
            parts.append(shares / shares.sum(-1, keepdims=True) @ v[:, span])
        return self.linear(name + ".out", np.concatenate(parts, -1))

    def block(self, name, x, audio=None):
        normed = self.norm(name + ".attn_ln", x)
        x = x + self.attention(name + ".attn", normed, normed, audio is not None)
        if audio is not None:
            x = x + self.attention(name + ".cross_attn", self.norm(name + ".cross_attn_ln", x), audio)
        return x + self.linear(name + ".mlp.2", gelu(self.linear(name + ".mlp.0", self.norm(name + ".mlp_ln", x))))

    def spectrogram(self, samples):
        """30 s from the beginning: as log10 of the power in mel bands, the highest eight decades, scaled."""
        frames = 2 * self.audio_context
        padded = np.concatenate([samples[200:0:-1], samples, np.zeros(480000 + 200)])
        window = 0.5 * (1 - np.cos(2 * np.pi * np.arange(400) / 400))
        # What lies behind the audio and its first padding is silence, frames that reach into it are not.
        n = min((len(samples) + 200) // 160 + 1, len(padded) // 160)
        power = np.full((len(self.filters), (len(padded) - 400) // 160), 1e-10)
        for i in range(n):
            piece = padded[: len(samples) + 200][i * 160 : i * 160 + 400]
            spectrum = np.fft.rfft(np.pad(piece, (0, 400 - len(piece))) * window)
            power[:, i] = np.maximum(self.filters @ np.abs(spectrum) ** 2, 1e-10)
        mel = np.log10(power)
        return ((np.maximum(mel, mel.max() - 8) + 4) / 4)[:, :frames]

    def convolution(self, name, x, stride):
        weight, padded = self[name + ".weight"], np.pad(x, ((0, 0), (1, 1)))
        n = (padded.shape[1] - 3) // stride + 1
        columns = np.stack([padded[:, i * stride : i * stride + 3] for i in range(n)])
        return gelu(np.einsum("nik,oik->on", columns, weight) + self[name + ".bias"])

    def encode(self, samples):
        x = self.convolution("encoder.conv2", self.convolution("encoder.conv1", self.spectrogram(samples), 1), 2).T
        x = x + self["encoder.positional_embedding"]
        for layer in range(self.layers):
            x = self.block(f"encoder.blocks.{layer}", x)
        return self.norm("encoder.ln_post", x)

    def decode(self, audio):
        tokens, probabilities, so_far = [], [], [START, NO_TIMES]
        embedding = self["decoder.token_embedding.weight"]
        while len(tokens) < self.text_context // 2 - 4 and (not tokens or tokens[-1] != END):
            x = embedding[so_far] + self["decoder.positional_embedding"][: len(so_far)]
            for layer in range(self.layers):
                x = self.block(f"decoder.blocks.{layer}", x, audio)
            logits = embedding @ self.norm("decoder.ln", x[-1])
            logits[SUPPRESSED], logits[FIRST_TIME:] = -np.inf, -np.inf
            if not tokens:
                logits[[END, self.words.index(" ")]] = -np.inf
            shares = np.exp(logits - logits.max())
            tokens.append(int(logits.argmax()))
            probabilities.append(float(shares.max() / shares.sum()))
            so_far.append(tokens[-1])
        return tokens, probabilities


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * x * (1 + 0.044715 * x * x)))


if __name__ == "__main__":
    model_path, audio_path, tokens_path, probabilities_path = sys.argv[1:]
    model = Model(model_path)
    samples = np.frombuffer(open(audio_path, "rb").read()[44:], "<i2") / 32768
    said, likely = model.decode(model.encode(samples))
    print("".join(model.words[token] for token in said if token < len(model.words)))
    np.save(tokens_path, np.array(said, np.int32))
    np.save(probabilities_path, np.array(likely, np.float32))
