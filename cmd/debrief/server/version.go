package server

import "runtime/debug"

// buildVersion is the version that the Go toolchain wrote into the program.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
