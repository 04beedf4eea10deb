"""Files of the operator become data sets: read with care, cut into splits, kept by the digest of their content.

No torch here, and nothing that unpickles: what is read is numbers, and how many they are is known before they are read.
"""
