"""`python -m kiseki`, where `kiseki` is not on the path."""

from kiseki.cli import main

main()
