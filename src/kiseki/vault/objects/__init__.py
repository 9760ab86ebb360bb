"""Content at rest: each content of a provider is one object, an age file to an identity of its own.

Whoever adds has public recipients only: an object's identity is made for it, wrapped to them, and
forgotten. What is plain is never on the disk. A part imports only from those above it:

    draft       the ciphertext that is being written, and its hash, which is its name
    folder      objects in a folder
    remote      objects on any filesystem that fsspec knows, as S3
    place       where objects lie: one of these, by path or URL
    sources     what is to be kept: a file, a part of one, bytes; held still while it is read
    envelope    a source into an object; an object's identity, wrapped
    rows        what the database knows of objects
    storing     what the processes do that encrypt and store
    item        a content that is to be added; what adding did
    tars        the contents of a tar
    parquet     the pictures of a Parquet file
    incoming    what folders, lists, tars and Parquet files hold, hashed
    adding      contents into objects, on all cores
    reading     the content of an object, at any range
    checking    what is missing, altered, half-written, or without a row; and mending it
"""
