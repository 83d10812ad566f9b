"""Figures, tables and the report of a run; scripts/plot.py is the command. Reads result files only."""
