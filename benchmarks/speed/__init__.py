"""How fast populations are trained, beside Keras and KerasTuner."""
