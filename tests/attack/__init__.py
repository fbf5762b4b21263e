"""Attacks that stay: kills, full disks, faulty stores, crowds, fuzzing; judged by a checker without code of Trona."""
