"""The vocabulary: what can be asked for, as pydantic specs; nothing here loads torch."""
