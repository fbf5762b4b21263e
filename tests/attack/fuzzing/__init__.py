"""Coverage-guided fuzzing of every reader and every file of settings: `make fuzz`."""
