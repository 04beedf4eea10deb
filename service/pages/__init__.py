"""The page: rendered here from the answers of /v1, made live by small modules in `static`, from this host alone."""
