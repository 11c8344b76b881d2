"""Runs a script that answers each message of a browser."""
import argparse
import asyncio
import configparser
import importlib.util
from pathlib import Path

import tornado.web
import tornado.websocket

PAGE = """<!doctype html>
<title>Dashboard</title>
<script src="/static/app.js"></script>
<h1>Dashboard</h1>
<pre id="answers">{history}</pre>
<form method="post"><input name="message"><button>Send</button></form>
"""


class Page(tornado.web.RequestHandler):
    def initialize(self, script):
        self.script = script

    def get(self):
        self.write(PAGE.format(history=tornado.escape.xhtml_escape(self.script.history())))

    def post(self):
        self.script.answer(self.get_body_argument("message"))
        self.redirect("/")


class Stream(tornado.websocket.WebSocketHandler):
    def initialize(self, script):
        self.script = script

    def on_message(self, message):
        self.write_message(self.script.answer(message))


class Health(tornado.web.RequestHandler):
    def get(self):
        self.write("ok")


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["run"])
    parser.add_argument("script", type=Path)
    parser.add_argument("--server.port", dest="port", type=int)
    arguments = parser.parse_args()
    config = configparser.ConfigParser()
    config.read(Path.home() / ".dashboard/config.ini")
    port = arguments.port or config.getint("server", "port", fallback=8501)

    spec = importlib.util.spec_from_file_location("script", arguments.script)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    app = tornado.web.Application(
        [
            ("/", Page, {"script": script}),
            ("/_core/health", Health),
            ("/_core/stream", Stream, {"script": script}),
        ],
        static_path=Path(__file__).parent / "static",
    )
    app.listen(port)
    print(f"You can now view your app at http://localhost:{port}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
