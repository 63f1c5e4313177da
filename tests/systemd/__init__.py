"""The daemon on a real systemd: a Debian that boots in a container, and all of it installed by its script."""
