"""Withdrawals: revocations as word for the developers of the models that rest on what was revoked,
and their answers.

A part imports only from those above it:

    told         a withdrawal with all that is known of it: what was declared, what was answered
    words        the same in sentences
    sending      the same as JSON, with a name that stays
    mail         letters by e-mail, as files for whoever sends them
    posting      posted to a URL, each at least once
    withdrawals  `Kiseki.withdrawals`
    outbox       withdrawals that a program posts as they come to be
"""
