//go:build !race

package endtoend_test

// buildFlags have the program watch for data races where the tests do.
var buildFlags []string

// misbehavingShare is which part of many connections is opened.
const misbehavingShare = 1

// memoryBound is what the server may take at most while many misbehave, in bytes.
const memoryBound = 512 << 20
