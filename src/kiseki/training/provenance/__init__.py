"""What a model came from, in the forms that other tools read.

A part imports only from those above it:

    known        a registered model with its run, sources and file, as the chain has them
    slsa         an in-toto statement with SLSA's provenance
    openlineage  events of OpenLineage
    signing      a signature over the file, in OpenSSF's form

All of it is the developer's word, as far as the chain and the run's document hold it. Nothing is
made up where they are silent.
"""
