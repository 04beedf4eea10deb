"""The cohort engine: N lives of one regime as one stack of tensors, trained, recorded, frozen, saved."""
