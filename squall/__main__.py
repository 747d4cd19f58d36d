"""`python -m squall`."""

from squall.cli.main import main

main()
