"""Which of the lettered choices a model names when it is asked for the letter: multiple choice by what it writes."""
