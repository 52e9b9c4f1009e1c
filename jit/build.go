package jit

// Build is a hash of everything that machine code relies on.
const Build = "dev"
