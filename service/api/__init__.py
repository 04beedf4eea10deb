"""HTTP: one module of routes for every noun, errors as problems, answers as the caller accepts them."""
