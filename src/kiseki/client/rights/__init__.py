"""Rights tokens: minting, who is paid through them, and transfers on conditions.

A part imports only from those above it:

    schedules  transfers on conditions
    rights     `Kiseki.rights`
"""
