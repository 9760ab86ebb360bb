"""Rights tokens: minting, who is paid through them, and transfers on conditions.

A part imports only from those above it:

    schedules  transfers on conditions
    mints      mints that a registrant signs, for others to bring
    rights     `Kiseki.rights`
"""
