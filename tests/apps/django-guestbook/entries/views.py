from django.shortcuts import redirect, render

from .models import Entry


def index(request):
    if request.method == "POST":
        Entry.objects.create(text=request.POST["text"])
        return redirect("/")
    return render(request, "entries/index.html", {"entries": Entry.objects.order_by("id")})
