// Package boundary states who may never reach whom, and its test holds the tree to it. It never runs in a program.
package boundary
