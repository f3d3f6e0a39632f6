"""Figures on development sets: printed by `make bench`, never asserted in tests."""
