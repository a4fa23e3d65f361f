//go:build race

package endtoend_test

// buildFlags have the program watch for data races where the tests do.
var buildFlags = []string{"-race"}

// misbehavingShare is which part of many connections is opened.
const misbehavingShare = 10

// memoryBound is what the server may take at most while many misbehave, in bytes: with the race detector many times as much.
const memoryBound = 3 << 30
