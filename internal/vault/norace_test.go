//go:build !race

package vault_test

// edits is how many hostile edits are made, in all.
const edits = 10_000
