"""A simulated company that speaks the real protocols on loopback."""
