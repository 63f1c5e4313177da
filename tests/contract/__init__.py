"""What flowtally relies on in tables and streams, held against every engine that it is tested on."""
