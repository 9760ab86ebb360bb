"""Files that are whole or as they were before, and private ones that stay private.

atomic     files written whole or not at all
texts      text files that people name
tables     tables as spreadsheets save them
workbooks  .xlsx
private    files that nobody else may read
passwords  as people type them
database   SQLite, opened one way
"""
