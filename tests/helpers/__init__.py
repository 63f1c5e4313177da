"""What tests share: stand-ins, oracles, small flow files, programs run as their users run them."""
