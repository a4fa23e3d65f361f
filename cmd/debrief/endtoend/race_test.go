//go:build race

package endtoend_test

// buildFlags have the program watch for data races where the tests do.
var buildFlags = []string{"-race"}
