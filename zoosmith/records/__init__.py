"""What is recorded of builds and measurements, and what follows from it alone."""
