"""The chain into the index.

places    where the index of a chain is kept
follower  reads what was logged since it last did, and takes back what a reorganisation undid
check     the books beside what the contracts say
"""
