"""DESIGN's seven promises, each by its number, on a real chain."""
