#!/usr/bin/env python3
"""A destination to try the webhook integration on: an HTTP server on this machine that prints what it gets.

    python3 examples/receiver.py [PORT]

Needs nothing but Python. It answers 204 to every POST, and is no example of how to verify a signature.
"""

# ruff: noqa: T201  printing is its purpose

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver(BaseHTTPRequestHandler):
    """Prints the path and the body of each POST."""

    def do_POST(self) -> None:
        """Take one request."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        print(f"POST {self.path}\n{_pretty(body)}", flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the standard library's name
        """Say nothing more."""


def _pretty(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body.decode("utf-8", "replace")


def main() -> None:
    """Serve until interrupted."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8788
    with HTTPServer(("127.0.0.1", port), Receiver) as server:
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
