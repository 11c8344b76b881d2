from .base import *

DEBUG = True
SECRET_KEY = "django-insecure-4q2v"
ALLOWED_HOSTS = ["*"]
