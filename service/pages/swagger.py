"""The API's contract to look at and to try: Swagger UI from files of this host, without a line of inline script."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from service.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def docs(request: Request) -> Response:
    """Swagger UI of /openapi.json."""
    return render(request, "docs.html")
