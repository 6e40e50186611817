"""`python -m archmend`."""

from archmend.cli import main

main()
