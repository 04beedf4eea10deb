"""All pages, and what they say when something is refused."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from service.pages import assets, compare, documents, door, jobs, lives, state, swagger
from service.pages.asking import PageRefused
from service.pages.rendering import render


def install(app: FastAPI) -> None:
    """Add the pages to an application that serves /v1."""
    for module in (assets, door, jobs, lives, documents, compare, state, swagger):
        app.include_router(module.router)
    app.add_exception_handler(PageRefused, _refused)


def _refused(request: Request, error: Exception) -> Response:
    """Whoever is not known goes to the door and comes back; any other problem is told."""
    assert isinstance(error, PageRefused)
    if error.status == 401:
        here = quote(str(request.url.include_query_params()).removeprefix(str(request.base_url).rstrip("/")), safe="")
        return RedirectResponse(f"/login?next={here}", 303)
    return render(request, "problem.html", error.status, problem=error.problem)
