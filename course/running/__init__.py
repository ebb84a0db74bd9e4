"""Run notebooks in fresh kernels, make pages of them, and store their outputs."""
