"""What training consumed, written down so that a killed process forgets nothing.

keys      the names of samples, and a batch of them as bytes
rows      what happened, row by row, each hashed with the one before
journal   the rows of one process that trains, in a file of its own
lines     from which rows weights descend, and which were lost
reads     what the workers of a dataset gave out
folder    the journals of one run
figures   what all of it comes to
"""
