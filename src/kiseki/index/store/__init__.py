"""Where facts and books are kept.

schema  the tables
sqlite  the database, and its SQL dialect
"""
