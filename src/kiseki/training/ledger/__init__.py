"""What training consumed, written down so that a killed process forgets nothing.

keys      the names of samples, and a batch of them as bytes
rows      what happened, row by row, each hashed with the one before
tail      the last rows of a process, until SQLite has them
table     the rows of a process, to be read
journal   the rows of one process that trains, in files of its own
lines     from which rows weights descend, and which were lost
reads     what the workers of a dataset gave out
folder    the journals of one run
figures   what all of it comes to
"""
