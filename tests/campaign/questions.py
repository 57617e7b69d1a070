# SPDX-License-Identifier: Apache-2.0
"""Multiple choice and exact match over JSON lines, against the same worked out here: the scripted engine's logits follow from the token
before by a known rule (backends/scripted/script_language.c), and each byte is a token.
"""

import json
import random

from batter import batter
from campaign import Room, check, finish
from quality import BOS, VOCABULARY, close, distributions, language

ARGUMENTS = ("--format", "json")
CHOICES, MATCHES = 80, 60


def tokens(text):
    return [byte % VOCABULARY for byte in text.encode()]


def words(generator, least, most):
    return "".join(generator.choice("abcdefghij klmnopqr") for _ in range(generator.randint(least, most)))


def make_choices():
    generator, questions = random.Random(3), []
    for i in range(CHOICES):
        choices = [" " + words(generator, 1, 9) for _ in range(generator.randint(2, 5))]
        questions.append({"id": f"q{i}", "prompt": words(generator, 1, 300), "choices": choices, "answer": generator.randrange(len(choices))})
    return questions


def greedy(rows, prompt, n):
    """What decoding gives behind the prompt, as text; bytes stand for tokens, which are below 96."""
    token, text = tokens(prompt)[-1], ""
    for _ in range(n):
        token = rows[token].index(max(rows[token]))
        # A byte of 32..127 that is this token.
        text += chr(token if token >= 32 else token + VOCABULARY)
    return text


def make_matches(rows):
    generator, questions = random.Random(4), []
    while len(questions) < MATCHES:
        prompt = words(generator, 1, 200)
        answer = greedy(rows, prompt, generator.randint(1, 3)) if generator.random() < 0.6 else words(generator, 1, 3)
        questions.append({"prompt": prompt, "answer": answer})
    return questions


def likeliest(rows, question):
    def weigh(choice):
        chain = tokens(question["prompt"])[-1:] + tokens(choice)
        return sum(rows[a][b] for a, b in zip(chain, chain[1:]))

    scores = [weigh(choice) for choice in question["choices"]]
    return scores.index(max(scores))


def matches(rows, question):
    return tokens(greedy(rows, question["prompt"], len(question["answer"]))) == tokens(question["answer"])


def write(room, name, questions):
    (room.path / name).write_text("".join(json.dumps(question) + "\n" for question in questions))


def suite(tasks):
    return {
        "models": [
            {"name": "m", "variants": [{"name": "exact", "file": "exact.json"}, {"name": "noisy", "file": "noisy.json"}], "tasks": tasks}
        ],
        "on": ["scripted"],
        "blocks": 1,
        "seed": 11,
        "prompt_tokens": [4],
        "generate_tokens": [2],
        "block": {"inferences": 2, "min_time": "0 s"},
    }


def figures(room):
    room.script("exact.json", language=language())
    room.script("noisy.json", language=language(noise=0.9))
    rows = {"exact": distributions(0), "noisy": distributions(0.9)}
    choices, questions = make_choices(), make_matches(rows["exact"])
    write(room, "choices.jsonl", choices)
    write(room, "matches.jsonl", questions)
    room.write(
        "questions.json",
        suite(
            [
                {"name": "choices", "data": "choices.jsonl", "metric": "multiple-choice", "threshold": "accuracy_drop <= 90 %"},
                {"name": "matches", "data": "matches.jsonl", "metric": "exact-match"},
            ]
        ),
    )
    records = room.run("run", "questions.json", "--out", "questions", *ARGUMENTS).expect(0).json()["records"]
    found = {(r["variant"], r["accuracy_task"], r["workload"]): r for r in records}
    for variant in ("exact", "noisy"):
        share = sum(likeliest(rows[variant], q) == q["answer"] for q in choices) / CHOICES
        for workload in ("pp4", "tg2"):
            close(found[variant, "choices", workload]["accuracy_value"], share, f"choices of {variant}", 1e-12)
        matched = sum(matches(rows[variant], q) for q in questions) / MATCHES
        close(found[variant, "matches", "pp4"]["accuracy_value"], matched, f"matches of {variant}", 1e-12)
        check(0 < share < 1 and 0 < matched < 1, "some are right, some wrong", share, matched)
    record = found["noisy", "matches", "pp4"]
    check(record["accuracy_drop_low"] <= record["accuracy_drop"] <= record["accuracy_drop_high"], "an interval")
    check(found["noisy", "choices", "pp4"]["accuracy_verdict"] == "pass", "the task's own threshold")
    check(BOS != tokens(choices[0]["prompt"])[0], "the bos is no part of a prompt")


def refused(room):
    def run(text, metric, code, *texts):
        (room.path / "bad.jsonl").write_text(text)
        room.write("bad.json", suite([{"name": "t", "data": "bad.jsonl", "metric": metric}]))
        return room.run("run", "bad.json", *ARGUMENTS).expect(code, *texts)

    good = '{"prompt": "a", "choices": ["b", "c"], "answer": 1}\n'
    for text, words_due in (
        ("", "has no questions"),
        (good + "{", "line 2"),
        (good + '{"prompt": "a", "choices": ["b"], "answer": 0}', "has 1 choices"),
        ('{"prompt": "a", "choices": ["b", "c"], "answer": 2}', "answer"),
        ('{"prompt": "a", "choices": ["b", 1], "answer": 0}', "choices"),
        ('{"choices": ["b", "c"], "answer": 0}', "prompt"),
        ('{"prompt": "a", "answer": "b"}', "choices"),
        ('{"id": "q", ' + good[1:] + '{"id": "p", ' + good[1:] + "\n" + '{"id": "q", ' + good[1:], 'lines 1 and 4 have the same id, "q"'),
        ('{"id": 7, ' + good[1:] + '{"id": "7", ' + good[1:] + '{"id": 7.0, ' + good[1:], "lines 1 and 3 have the same id, 7"),
        ('{"id": [], ' + good[1:], "neither a text nor a number"),
    ):
        run(text, "multiple-choice", 2, words_due)
    run(good, "exact-match", 2, "answer")
    # Only the engine knows how many tokens a text has.
    long = {"prompt": "a" * 600, "choices": ["b", "c"], "answer": 1}
    record = run(json.dumps(long), "multiple-choice", 4).json()["records"][0]
    reasons = [reason["text"] for reason in record["reasons"] if reason["key"] == "outcome"]
    check(any("question 1" in text and "at most 511" in text for text in reasons), "a question that is too long", reasons)


if __name__ == "__main__":
    with Room() as shared:
        figures(shared)
        refused(shared)
        batter(shared, "questions")
    finish("questions to language models")
