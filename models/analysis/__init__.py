"""What histories say: outcomes of lives, contrasts between arms, and how sure they are."""
