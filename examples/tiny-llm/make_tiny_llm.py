#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a small language model with random weights as GGUF: it says nothing of sense, and runs everything that a real one runs.

Usage: make_tiny_llm.py OUT.gguf [--layers N] [--width N] [--heads N] [--context N] [--type f16|f32] [--seed N]
Needs PyPI gguf and numpy (requirements.txt beside it pins them). The same arguments give the same file.
"""
import argparse
import pathlib

import gguf
import numpy as np

VOCABULARY = 512  # <unk> <s> </s>, 256 bytes, words of letters


def add_vocabulary(writer):
    kinds = gguf.TokenType
    tokens = [b"<unk>", b"<s>", b"</s>"] + [b"<0x%02X>" % i for i in range(256)]
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL] + [kinds.BYTE] * 256
    letters = "etaoinshrdlucm"
    words = [a + b for a in letters for b in letters] + ["the", "and", "ing"]
    for word in ["\u2581" + w for w in letters] + list(letters) + words:
        if len(tokens) < VOCABULARY:
            tokens.append(word.encode())
            types.append(kinds.NORMAL)
    while len(tokens) < VOCABULARY:
        tokens.append(b"w%d" % len(tokens))
        types.append(kinds.NORMAL)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * 3 + [-1000.0] * 256 + [-float(i) for i in range(VOCABULARY - 259)])
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)


def make(path, layers, width, heads, context, dtype, seed):
    kv_heads, feed_forward = max(heads // 2, 1), width
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny-random")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(VOCABULARY)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32 if dtype == "f32" else gguf.LlamaFileType.MOSTLY_F16)
    add_vocabulary(writer)

    def weights(name, rows, columns, scale=None):
        values = random.standard_normal((rows, columns)) * (scale or columns**-0.5)
        writer.add_tensor(name, values.astype(np.float16 if dtype == "f16" else np.float32))

    def ones(name):
        writer.add_tensor(name, np.ones(width, np.float32))

    weights("token_embd.weight", VOCABULARY, width, 1.0)
    ones("output_norm.weight")
    # Wider than the rest, so that some next tokens are likelier than others.
    weights("output.weight", VOCABULARY, width, 3 * width**-0.5)
    for layer in range(layers):
        block = f"blk.{layer}."
        ones(block + "attn_norm.weight")
        ones(block + "ffn_norm.weight")
        weights(block + "attn_q.weight", width, width)
        weights(block + "attn_k.weight", width * kv_heads // heads, width)
        weights(block + "attn_v.weight", width * kv_heads // heads, width)
        weights(block + "attn_output.weight", width, width)
        weights(block + "ffn_gate.weight", feed_forward, width)
        weights(block + "ffn_up.weight", feed_forward, width)
        weights(block + "ffn_down.weight", width, feed_forward)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--context", type=int, default=512)
    parser.add_argument("--type", choices=("f16", "f32"), default="f16")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    make(given.out, given.layers, given.width, given.heads, given.context, given.type, given.seed)
