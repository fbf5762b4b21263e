"""Attacks that stay: seeded kills of every command that writes, judged by a checker that shares no code with Trona."""
