#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The logits of the tiny model by NumPy alone, from the definition of its architecture: the reference that engines are held against.

Usage: reference.py MODEL.gguf OUT.npy TOKEN...   one row of logits a token, float32. Needs PyPI gguf and numpy.
"""
import sys

import gguf
import numpy as np


def norm(x, weight, epsilon=1e-5):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * weight


def rotate(x, base=10000.0):
    """Rotary positions over neighbouring pairs; x is [tokens, heads, size]."""
    tokens, _, size = x.shape
    angle = np.arange(tokens)[:, None] * base ** (-np.arange(0, size, 2) / size)[None, :]
    sine, cosine = np.sin(angle)[:, None, :], np.cos(angle)[:, None, :]
    even, odd = x[..., 0::2], x[..., 1::2]
    out = np.empty_like(x)
    out[..., 0::2] = even * cosine - odd * sine
    out[..., 1::2] = even * sine + odd * cosine
    return out


def attention(x, weights, heads, kv_heads):
    tokens, width = x.shape
    size = width // heads
    q = rotate((x @ weights["attn_q"].T).reshape(tokens, heads, size))
    k = rotate((x @ weights["attn_k"].T).reshape(tokens, kv_heads, size))
    v = (x @ weights["attn_v"].T).reshape(tokens, kv_heads, size)
    out = np.empty_like(q)
    for head in range(heads):
        group = head * kv_heads // heads
        score = q[:, head] @ k[:, group].T / np.sqrt(size)
        score[np.triu_indices(tokens, 1)] = -np.inf
        share = np.exp(score - score.max(-1, keepdims=True))
        out[:, head] = share / share.sum(-1, keepdims=True) @ v[:, group]
    return out.reshape(tokens, width) @ weights["attn_output"].T


def logits(path, ids):
    reader = gguf.GGUFReader(path)
    tensors = {t.name: np.asarray(t.data, dtype=np.float64) for t in reader.tensors}
    value = lambda key: int(reader.fields["llama." + key].parts[-1][0])
    heads, kv_heads = value("attention.head_count"), value("attention.head_count_kv")
    x = tensors["token_embd.weight"][ids]
    for layer in range(value("block_count")):
        start = f"blk.{layer}."
        weights = {n[len(start) : -len(".weight")]: t for n, t in tensors.items() if n.startswith(start)}
        x = x + attention(norm(x, weights["attn_norm"]), weights, heads, kv_heads)
        inner = norm(x, weights["ffn_norm"])
        gate = inner @ weights["ffn_gate"].T
        x = x + (gate / (1 + np.exp(-gate)) * (inner @ weights["ffn_up"].T)) @ weights["ffn_down"].T
    return norm(x, tensors["output_norm.weight"]) @ tensors["output.weight"].T


if __name__ == "__main__":
    model, out, *words = sys.argv[1:]
    np.save(out, logits(model, [int(word) for word in words]).astype(np.float32))
