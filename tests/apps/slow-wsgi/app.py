"""A WSGI app that takes a second to import, and can be made to fail its health check."""
import os
import time

VERSION = 1
HEALTHY = True
time.sleep(float(os.environ.get("SLOW", "1")))


def app(environ, start_response):
    well = HEALTHY or environ["PATH_INFO"] != "/up"
    body = f"Hello from version {VERSION}\n".encode()
    start_response("200 OK" if well else "500 Not Well", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
