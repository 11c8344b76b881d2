"""A process that serves HTTP itself, on the port it is given."""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = 1


def environment():
    """What this process was given, as UTF-8 whatever the locale."""
    return {name.decode(): value.decode() for name, value in os.environb.items()}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/env":
            text = json.dumps(environment())
        elif self.path == "/headers":
            text = "".join(f"{name.lower()}: {value}\n" for name, value in self.headers.items())
        else:
            text = f"Hello from version {VERSION}\n"
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        print(format % args, flush=True)


ThreadingHTTPServer((os.environ["BIND_ADDRESS"], int(os.environ["PORT"])), Handler).serve_forever()
