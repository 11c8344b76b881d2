from django.http import HttpResponse
from django.urls import path

from visits.models import Visit


def index(request):
    Visit.objects.create()
    return HttpResponse(f"visit {Visit.objects.count()}\n")


urlpatterns = [path("", index)]
