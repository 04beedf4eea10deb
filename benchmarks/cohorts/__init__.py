"""Paces of cohorts, of a plain loop and of JAX."""
