"""Repair measured: faulty networks trained plainly, by AUTOTRAINER's rules and by archmend."""
