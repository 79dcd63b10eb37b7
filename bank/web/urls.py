"""The pages and their paths."""

from django.urls import URLPattern

app_name = "web"
urlpatterns: list[URLPattern] = []
