"""A plain WSGI app, and its worker, which leaves its environment in the data folder."""
import json
import os
import time

VERSION = 1


def environment():
    """What this process was given, as UTF-8 whatever the locale."""
    return {name.decode(): value.decode() for name, value in os.environb.items()}


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/env":
        body = json.dumps(environment())
    elif path == "/headers":
        body = "".join(f"{name[5:].lower().replace('_', '-')}: {value}\n" for name, value in sorted(environ.items()) if name.startswith("HTTP_"))
        body += f"scheme: {environ['wsgi.url_scheme']}\n"
    else:
        body = f"Hello from version {VERSION}\n"
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [body.encode()]


if __name__ == "__main__":
    print(f"worker of version {VERSION} begins", flush=True)
    with open(os.path.join(os.environ["DATA_ROOT"], "worker.json"), "w") as file:
        json.dump(environment(), file)
    while True:
        time.sleep(3600)
