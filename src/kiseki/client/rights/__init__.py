"""Rights tokens: minting, who is paid through them, and transfers on conditions.

A part imports only from those above it:

    incomes    which part of what is paid reaches a token
    schedules  what the chain has of transfers on conditions
    mints      mints that a registrant signs, for others to bring
    agreements letters of who has a part in a transfer on conditions
    rights     `Kiseki.rights`
"""
