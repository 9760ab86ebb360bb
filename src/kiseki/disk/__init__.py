"""Files that are whole or as they were before, and private ones that stay private.

atomic    files written whole or not at all
private   files that nobody else may read
database  SQLite, opened one way
"""
