"""Content-addressed files, trees and action results on disk."""
