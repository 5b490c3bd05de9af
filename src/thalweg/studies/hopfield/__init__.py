"""Studies of Hopfield networks: the layer that follows an energy, on MNIST."""
