"""A web server that takes a second to start, and can be made to fail its health check."""
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = 1
HEALTHY = True


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"Hello from version {VERSION}\n".encode()
        self.send_response(200 if HEALTHY or self.path != "/up" else 500)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 64


time.sleep(float(os.environ.get("SLOW", "1")))
Server((os.environ["BIND_ADDRESS"], int(os.environ["PORT"])), Handler).serve_forever()
