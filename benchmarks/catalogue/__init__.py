"""Every member of every family against what was promised of it, each with its control.

`python -m benchmarks.catalogue [--quick] [--family worlds] [--only KIND]`. A family is a list of entries, one for each
kind; a law compares the kinds with those of the family's union. Whoever adds a family writes its entries in a module of
its own and names it in `families.py`.
"""
