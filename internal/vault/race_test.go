//go:build race

package vault_test

// The race detector makes each edit twenty times as slow, and has nothing new to see after the first thousand.
const edits = 1000
