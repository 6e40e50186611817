"""What the entropy score knows of networks before they are trained, and how it was calibrated."""
