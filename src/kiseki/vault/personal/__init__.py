"""What a vault keeps of one person, and what the law asks of whoever runs it.

Nothing here says whether a law applies, or how: that is for people. It gathers what the vault
knows, says which article it is of use for, and marks what only a person can say. A part imports
only from those above it:

    words      what programs call by one word, as people read it
    laws       the articles that are named, and what cannot be erased and why
    access     all that is kept of one person
    records    of processing, and of what was provided to whom
    page       all of it as a page that people read
    export     all of it as a folder
    filing     the records as one file
    correcting a name or a caption is put right
"""
