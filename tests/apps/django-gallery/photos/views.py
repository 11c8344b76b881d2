from django import forms
from django.shortcuts import redirect, render

from .models import Photo


class PhotoForm(forms.ModelForm):
    class Meta:
        model = Photo
        fields = ["title", "file"]


def index(request):
    form = PhotoForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        form.save()
        return redirect("/")
    return render(request, "photos/index.html", {"photos": Photo.objects.order_by("id"), "form": form})
