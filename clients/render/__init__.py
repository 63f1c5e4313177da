"""What people see: tables, bars and CSV."""
