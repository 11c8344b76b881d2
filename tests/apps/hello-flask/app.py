"""A Flask app and its worker."""
import sys
import time

VERSION = 1


def create_app():
    from flask import Flask

    flask = Flask(__name__)

    @flask.get("/")
    def index():
        return f"Hello from Flask, version {VERSION}\n"

    return flask


if "worker" in sys.argv:
    while True:
        print(f"the worker of version {VERSION} is at work", flush=True)
        time.sleep(60)
else:
    app = create_app()
