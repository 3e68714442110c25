"""Turns task events into analytics rows, in batches, once each."""
