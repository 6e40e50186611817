"""Searches replayed on tables of trained networks: strategies of archmend beside other tools."""
