"""Histories in our store, in a row per point and in MLflow's: the same values, the same questions."""
