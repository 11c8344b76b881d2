import html
import sqlite3
from typing import Annotated

from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

DATABASE = "todo.db"

with sqlite3.connect(DATABASE) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS todo (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")

app = FastAPI()
app.mount("/static", StaticFiles(directory="app/static"), name="static")

PAGE = """<!doctype html>
<title>Todo</title>
<link rel="stylesheet" href="/static/style.css">
<h1>Todo</h1>
<ul>
{items}</ul>
<form method="post" action="/todo"><input name="text"><button>Add</button></form>
"""


@app.get("/", response_class=HTMLResponse)
def index():
    with sqlite3.connect(DATABASE) as connection:
        rows = connection.execute("SELECT text FROM todo ORDER BY id").fetchall()
    return PAGE.format(items="".join(f"  <li>{html.escape(text)}</li>\n" for (text,) in rows))


@app.post("/todo")
def add(text: Annotated[str, Form()]):
    with sqlite3.connect(DATABASE) as connection:
        connection.execute("INSERT INTO todo (text) VALUES (?)", (text,))
    return RedirectResponse("/", status_code=303)
