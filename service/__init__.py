"""The door and the memory: checks what is asked, keeps what happened, answers questions; loads no torch."""
