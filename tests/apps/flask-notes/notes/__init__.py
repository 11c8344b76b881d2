from flask import Flask, redirect, render_template, request
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from config import Config

db = SQLAlchemy()
migrate = Migrate()


class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    body = db.Column(db.String(200), nullable=False)
    words = db.Column(db.Integer)


def create_app():
    app = Flask(__name__)
    app.config.from_object(Config)
    db.init_app(app)
    migrate.init_app(app, db)

    @app.route("/", methods=["GET", "POST"])
    def index():
        if request.method == "POST":
            db.session.add(Note(body=request.form["body"]))
            db.session.commit()
            return redirect("/")
        return render_template("index.html", notes=Note.query.all())

    return app
