"""Real processes killed, frozen and cut off at random, for as long as one likes."""
