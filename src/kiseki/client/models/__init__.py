"""Models: what they were trained on, what they were made from, and who is paid.

A part imports only from those above it:

    weights    what a model file's commitment is, and which model a file is
    stamping   a model's ID, written into its file
    manifests  what a training run used, published and checked
    lasting    consent that may be gone before a model is registered
    making     manifests, from the files that training consumed
    placing    where the pictures lie that a trainer's file names
    lora       finished LoRAs, from what their trainers wrote into the files
    backing    how far a declaration is backed, and by whose word
    sharing    who gets which part of what is paid to a model
    updating   what a model would rest on if it were trained anew
    often      how often models took an item
    prepared   models to be registered, by their developer or with its signature
    models     `Kiseki.models`
"""
