"""The report as people see it: in a real browser. Needs Chromium: `make test-report`."""
