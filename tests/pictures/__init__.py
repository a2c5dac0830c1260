"""Makes a picture of each screen and state; `./run pictures`."""
