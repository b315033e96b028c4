"""What the kinds of multiple choice share: items out of rows, how they are asked, what is counted."""
