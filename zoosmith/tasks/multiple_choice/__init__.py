"""Which of some texts is the likeliest to follow: multiple choice by log-likelihood, as lm-evaluation-harness asks."""
