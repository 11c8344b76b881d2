"""Answers in capitals, and remembers what it was told."""
from pathlib import Path

FILE = Path("history.csv")


def history():
    return FILE.read_text() if FILE.exists() else ""


def answer(message):
    with FILE.open("a") as file:
        file.write(message + "\n")
    return message.upper()
