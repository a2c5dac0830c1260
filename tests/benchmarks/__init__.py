"""What things cost; `./run bench`."""
