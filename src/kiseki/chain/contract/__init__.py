"""One contract at a time: its calls, its answers, its events and its refusals.

A part imports only from those above it:

    artifacts   ABIs and code, as compiled
    abi         decoding by ABI
    advice      what somebody can do about a revert
    reverts     custom errors, decoded by name
    contracts   calls and answers of one contract, by its ABI
    many        one question about many things, in few calls
    foreign     questions to contracts that anybody may have written
    slices      logs of words, read by a table of where each begins
    events      logs, decoded
"""
