// Package endtoend has tests only: they run the program as it is shipped, as processes of its own, on ports of the
// system's choice, and speak to it as its callers do. Each runs on SQLite, and on MongoDB where a server is named to
// test with.
//
// The real Prometheus Alertmanager takes part where it is installed (on Debian: prometheus-alertmanager), and the
// commands that the README shows are run with bash, curl and jq.
package endtoend
