"""The auditors' pages and their paths."""

from django.urls import URLPattern, path

from bank.web.pages.audit import index

PATHS: list[URLPattern] = [
    path("audit", index.audit_index, name="audit"),
]
