"""What lies on a face: whose keys they are, and the way from one take to the next."""
