"""Figures, each defined once: functions from the API's answers to plotly JSON, for page, command line and notebook.

A figure is `{"data": [...], "layout": {...}}` of plain values; `layout.meta` says what it shows: jobs, document hashes,
numerics class, thinning. Nothing here draws; plotly.js does, or kaleido.
"""
