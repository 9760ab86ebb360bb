"""Commands typed into a process that has imported everything already.

A command is a process of its own: own folder, environment, stdin, stdout, stderr, signals and exit
code. Only what every command imports (web3, two seconds of processor) is there when it starts:
`server` imports it once for each worker of pytest and forks; `client` is what the test starts, and
hands its own files, folder and signals on. `tests/python/cli/test_cli_help.py` starts real ones.
"""
