"""Shapes that cross HTTP, shared by the API and its client."""
