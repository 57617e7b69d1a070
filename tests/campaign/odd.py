# SPDX-License-Identifier: Apache-2.0
"""Damage for whatever is read, by a generator of chance: JSON that is valid and says something else, bytes that flipped; the seal of
campaign.json; and what no report may say, however damaged the files are."""

import copy
import hashlib
import json

ODD_VALUES = (None, True, 0, -1, 2**31, 2**53, 1e308, -0.5, "", "..", "/", "\x1b[2J", "y" * 300, [], {}, [[]], [{}])
SEAL = "campaign_sha256"
# Figures that may be below zero.
SIGNED = ("energy_net_per_inference_uj", "accuracy_value", "accuracy_reference", "accuracy_drop", "agreement_cosine", "agreement_sqnr_db")


def places(value, place=()):
    """Every place in a document, as the keys and indices that lead there."""
    if place:
        yield place
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*place, key))


def at(document, place):
    for key in place:
        document = document[key]
    return document


def edited(chance, document):
    """The document with values gone, odd, doubled, or those of another place; and what was done."""
    document, done = copy.deepcopy(document), []
    for _ in range(chance.choice((1, 1, 2, 4))):
        all_places = list(places(document))
        if not all_places:
            break
        place = chance.choice(all_places)
        parent, key, how = at(document, place[:-1]), place[-1], chance.randrange(4)
        if how == 0:
            del parent[key]
        elif how == 1:
            parent[key] = chance.choice(ODD_VALUES)
        elif how == 2 and isinstance(parent, list):
            parent.append(copy.deepcopy(parent[key]))
        else:
            parent[key] = copy.deepcopy(at(document, chance.choice(all_places)))
        done.append((how, place))
    return document, done


def flipped(chance, data):
    """Some bytes are others."""
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 5, 50)) if data else 0):
        place = chance.randrange(len(data))
        data[place] = chance.choice(
            (data[place] ^ 1 << chance.randrange(8), chance.randrange(256), *b'0123456789-e.,:"[]{}\n')
        )
    return bytes(data)


def edited_lines(chance, data):
    """Lines of JSON: one of them edited, gone, there twice, somewhere else, or cut."""
    lines = data.split(b"\n")
    number = chance.randrange(len(lines))
    how = chance.randrange(8)
    if how == 0:
        del lines[number]
    elif how == 1:
        lines.insert(chance.randrange(len(lines)), lines[number])
    elif how == 2:
        lines.insert(chance.randrange(len(lines)), lines.pop(number))
    elif how == 3:
        lines[number] = lines[number][: len(lines[number]) // 2]
    else:
        try:
            document, done = edited(chance, json.loads(lines[number]))
        except ValueError:
            return flipped(chance, data), "flipped"
        lines[number] = json.dumps(document).encode()
        return b"\n".join(lines), (number, done)
    return b"\n".join(lines), (number, how)


def sealed(document):
    """The text of a campaign.json that was not changed after it was written."""
    text = json.dumps({key: value for key, value in document.items() if key != SEAL})[:-1]
    comma = ", " if len(document) else ""
    return f'{text}{comma}"{SEAL}": "{hashlib.sha256(text.encode()).hexdigest()}"}}\n'


def freeze(path, document):
    """Writes a campaign.json as if its campaign had been planned so."""
    path.write_text(sealed(document))


def nonsense(record):
    """What no measurement can have said; "" where there is nothing."""
    for key, value in record.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        figure = key.removesuffix("_low").removesuffix("_high")
        if figure.endswith(("_ns", "_bytes", "_per_s", "_share", "_uj", "_samples", "blocks", "samples")) and figure not in SIGNED:
            if value < 0:
                return f"{key} is {value}"
        if figure.endswith("_share") and value > 1:
            return f"{key} is {value}"
        if value != value or value in (float("inf"), float("-inf")):
            return f"{key} is {value}"
        low, high = record.get(f"{key}_low"), record.get(f"{key}_high")
        if low is not None and high is not None and not low <= value <= high:
            return f"{key} is {value}, from {low} to {high}"
    quantiles = [record.get(f"latency_p{n}_ns") for n in (50, 90, 95, 99)]
    quantiles = [q for q in quantiles if q is not None]
    if quantiles != sorted(quantiles):
        return f"quantiles that fall: {quantiles}"
    return ""


def digest_of(asked):
    """As the program freezes what was asked."""
    numbers = [asked[k] for k in ("need", "max_time_ns", "family")] + [["", "pass", "fail"].index(asked["inconclusive"])]
    numbers += [asked[k] for k in ("min_ns", "max_ns", "min_inferences", "inferences")]
    text = " ".join(map(str, [int(asked["chosen"]), *numbers, asked["confirms"]])) + "\n"
    return hashlib.sha256((text + "".join(f"{m['key']} {m['mde']}\n" for m in asked["metrics"])).encode()).hexdigest()


def compare_by(document, key, mde):
    """The gate of a plan, as if it had been asked for another metric."""
    document["gate"]["metrics"] = [{"key": key, "mde": mde}]
    document["gate"]["sha256"] = digest_of(document["gate"])
