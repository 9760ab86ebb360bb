"""Files that are whole or as they were before, and private ones that stay private.

atomic    files written whole or not at all
texts     text files that people name
private   files that nobody else may read
database  SQLite, opened one way
"""
