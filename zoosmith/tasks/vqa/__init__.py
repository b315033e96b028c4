"""Visual question answering: a picture and a question in, a short answer out."""
