"""What several builders share: training, packing of weights, exports."""
