"""Data laid out in the form that a trainer reads, and taken away again.

From the ground up:

    laid        reading what was laid, and which item a file there comes from
"""
