"""`python -m clients` is `flowtally`."""

from clients.cli import main

main()
