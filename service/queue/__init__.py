"""The bell that says there is work, and the reconciler that makes losing it harmless."""
