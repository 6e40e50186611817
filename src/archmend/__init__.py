"""archmend searches a neural network's architecture under a budget and repairs the winner as it trains.

The rooms are imported by name (`archmend.spaces`, `archmend.search`, `archmend.repair`, ...);
importing the package itself loads none of them, and no TensorFlow.
"""

__version__ = "0.1.0"
