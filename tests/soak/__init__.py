"""The soak: real processes killed over and over while they work, judged by a checker that only reads what they left."""
