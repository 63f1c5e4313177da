"""The daemon on a real systemd: a Debian tree, booted in a container, with everything installed by its script."""
