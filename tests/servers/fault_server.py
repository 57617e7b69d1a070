# SPDX-License-Identifier: Apache-2.0
"""A server that speaks OpenAI's streaming interface and Ollama's, and misbehaves as the name of the model says. It makes
tokens of a fixed pace, so that what is measured at it is known."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FIRST_S, TOKEN_S = 0.02, 0.002
KEY = "sk-" + "s3cret" * 5
# What it lists, each of which does what its name says.
MODELS = ("good", "slow", "locked", "unknown", "busy", "broken", "whole", "tells", "empty", "silent", "stalls", "early", "cut", "ends", "long",
          "garbage", "sorry", "mutters", "talks", "lies", "uncounted", "together", "burst")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def answer(self, value, status=200, kind="application/json"):
        body = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def chunk(self, text):
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def begin_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def do_GET(self):
        if self.path == "/v1/models":
            self.answer({"data": [{"id": name} for name in self.server.models]})
        elif self.path == "/api/version":
            self.answer({"version": "0.0.1"})
        elif self.path == "/api/tags":
            self.answer({"models": [{"name": "tiny:latest"}]})
        elif self.path == "/api/ps":
            self.answer({"models": [{"name": "tiny:latest"}] if self.server.loaded else []})
        else:
            self.answer("nothing here", 404)

    def do_POST(self):
        ask = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.asked.append(ask)
            self.server.keys.add(self.headers.get("Authorization"))
        if self.path == "/api/generate":
            self.ollama(ask)
        elif self.path in ("/v1/chat/completions", "/v1/completions"):
            self.openai(ask)
        else:
            self.answer({"error": "no such path"}, 404)

    def ollama(self, ask):
        if "prompt" not in ask:
            self.server.loaded = ask["keep_alive"] != 0
            self.answer({"done": True, "load_duration": 123456789})
            return
        n = ask["options"]["num_predict"]
        self.begin_stream()
        time.sleep(FIRST_S)
        for i in range(n):
            time.sleep(TOKEN_S if i else 0)
            self.chunk(json.dumps({"response": " a", "done": False}) + "\n")
        self.chunk(json.dumps({"response": "", "done": True, "done_reason": "length", "prompt_eval_count": self.tokens(ask),
                               "prompt_eval_duration": 20000000, "eval_count": n, "eval_duration": 2000000 * n}) + "\n")
        self.chunk("")

    def tokens(self, ask):
        """Three around a prompt, and two tokens to a word."""
        text = ask.get("prompt") or ask["messages"][0]["content"]
        return 3 + 2 * len(text.split())

    def event(self, text=None, reason=None, **more):
        choice = {"index": 0, "delta": {"content": text} if text else {}, "text": text or "", "finish_reason": reason}
        self.chunk("data: " + json.dumps({"choices": [choice]} | more) + "\n\n")

    def openai(self, ask):
        model, n = ask["model"], ask["max_tokens"]
        plain = {
            "locked": ({"error": {"message": f"Incorrect API key provided: {self.headers.get('Authorization')}"}}, 401),
            "unknown": ({"error": {"message": "model 'unknown' not found"}}, 404),
            "busy": ({"error": {"message": "slow down"}}, 429),
            "broken": ("<html>Internal Server Error</html>", 500),
            "whole": ({"object": "chat.completion", "choices": [{"message": {"content": "a b c"}}]}, 200),
            "tells": ({"object": "error", "asked_with": self.headers.get("Authorization")}, 200),
            "empty": ("", 200),
        }
        if model in plain:
            self.answer(*plain[model])
            return
        self.begin_stream()
        if model == "silent":
            self.server.stop.wait(30)
            return
        time.sleep(FIRST_S)
        self.chunk(": a comment\n\n")
        self.event()  # only says who speaks
        sent = {"early": n // 2, "cut": n // 2, "stalls": 1, "talks": n + 5}.get(model, n)
        for i in range(sent):
            if model == "burst":
                if i == 0:
                    data = "".join("data: " + json.dumps({"choices": [{"delta": {"content": " a"}}]}) + "\n\n" for _ in range(sent))
                    self.chunk(data)
                continue
            # The pace is that of the wall clock, so that what sleeping costs does not add up.
            if i and model != "together":
                time.sleep(TOKEN_S * (20 if model == "slow" else 1))
            if model == "together" and i % 2:
                continue
            self.event("\0" if i == 2 else " a")
            if model == "long" and i:
                self.chunk("data: " + "x" * (2 << 20) + "\n\n")
            if model == "garbage" and i:
                self.chunk("data: {nonsense\n\n")
            if model == "sorry" and i:
                self.chunk('data: {"error": {"message": "out of memory in slot 3"}}\n\n')
            if model == "mutters" and i:
                self.chunk("data: " + json.dumps({"error": "x" * 120 + " " + (self.headers.get("Authorization") or "") + " " + "y" * 200}) + "\n\n")
        if model == "stalls":
            self.server.stop.wait(30)
            return
        if model == "cut":
            self.close_connection = True
            self.connection.shutdown(2)
            return
        if model == "ends":
            self.chunk("")
            return
        self.event(reason="stop" if model == "early" else "length")
        counts = {"prompt_tokens": self.tokens(ask), "completion_tokens": {"lies": 3}.get(model, sent)}
        if model != "uncounted":
            self.chunk("data: " + json.dumps({"choices": [], "usage": counts}) + "\n\n")
        self.chunk("data: [DONE]\n\n")
        self.chunk("")


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that hangs up is what some tests are about."""


class Server:
    """With it a server runs; `asked` are the requests that it got, `keys` the keys."""

    def __init__(self, models=MODELS):
        self.models = models

    def __enter__(self):
        self.http = Quiet(("127.0.0.1", 0), Handler)
        self.http.stop, self.http.lock = threading.Event(), threading.Lock()
        self.http.asked, self.http.keys, self.http.loaded, self.http.models = [], set(), False, self.models
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.http.stop.set()
        self.http.shutdown()
        self.http.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.http.server_port}"
