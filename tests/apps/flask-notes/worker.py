"""Counts the words of new notes."""
import time

from sqlalchemy.exc import OperationalError

from notes import Note, create_app, db

with create_app().app_context():
    while True:
        try:
            for note in Note.query.filter_by(words=None):
                note.words = len(note.body.split())
                print(f"note {note.id} has {note.words} words")
            db.session.commit()
        except OperationalError as error:
            # The tables are not there yet, or the database is locked.
            print(f"trying again: {error.orig}")
        db.session.remove()
        time.sleep(0.2)
