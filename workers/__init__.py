"""The hand: leases one trajectory, trains one slice of it, commits once, rings the bell."""
