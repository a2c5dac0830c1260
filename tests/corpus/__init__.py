"""Signed requests by independent signers, and what is to be said about each of them."""
