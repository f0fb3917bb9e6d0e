"""Everything on one machine: the broker, the web, the workers, beat and Flower as children of one command."""
