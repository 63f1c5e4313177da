"""`python -m vm_daemon` is `flowtally-daemon`."""

from vm_daemon.cli import main

main()
