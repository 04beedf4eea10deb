"""`python -m service.cli` is `ontogeny`."""

from service.cli import main

main()
