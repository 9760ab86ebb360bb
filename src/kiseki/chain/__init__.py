"""Everything that knows a chain exists: deployments, contracts by their ABI, sending, errors.

artifacts     ABIs and creation code, as compiled
abi           decoding by ABI
events        logs, decoded
reverts       custom errors, decoded by name
node          a connection, and an Anvil of one's own
contracts     calls and answers of one contract, by its ABI
sender        the only one that sends transactions
deployment    where the suite is on a chain, and putting it there
"""
