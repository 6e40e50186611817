"""Strategies that ask and tell, budgets, objectives and the search loop; no Keras, no files."""
