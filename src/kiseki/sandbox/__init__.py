"""A whole world to try things in: a local chain with pages, drawings, models, money and people.

A part imports only from those above it:

    drawings  works to register: OpenMoji's drawings where they are, else marks that Kiseki draws
    chain     a local chain whose state is kept between two runs
    place     the folder of the sandbox: who has it, what is in it, how it is emptied
    world     what is registered, who does it, and what is paid
    sandbox   all of it together: built once, gone on with afterwards
"""
