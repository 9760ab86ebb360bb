"""Where facts and books are kept.

types     columns that two databases keep in different ways, and keys that stand as numbers
tables    the tables
keys      the number of each key
asked     a question as a driver takes it, and what its rows mean
rows      values of frozen classes, many at a time
faults    what a database refuses, in words
database  SQLite and PostgreSQL: the one module that opens connections
figures   rows that facts change, and how that is undone
past      the same tables as they stood at a place of the chain
"""
