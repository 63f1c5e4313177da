"""The tables: their schema, and the operations that change and read them exactly."""
