"""The age format at any place of a file, which `pyrage` cannot: ranges, and chunks one by one.

Whole files are encrypted and decrypted by `pyrage`, which is quicker. What is here reads a part of
an object without the rest, and re-encrypts a part of one for a caller so that a download goes on
where it stopped. Source: C2SP, age.md (c2sp.org/age). A part imports only from those above it:

    keys     identities and recipients, as text and as bytes
    header   who can open a file: stanzas, their MAC, the file key
    stream   the content, in chunks of 64 KiB
    files    a file that is there, opened; a file for somebody, made as it is read
"""
