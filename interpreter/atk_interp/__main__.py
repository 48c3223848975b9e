"""`python -m atk_interp`."""

from atk_interp.cli.main import main

main()
