"""How the network of the strategy `learned` comes about: trials of remedies are collected, then fitted."""
